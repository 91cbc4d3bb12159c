/** A process attached to an operator's module, as it is kept, and as an item, for which /proc is read. */
import type { Attachment } from "#core/model/attachment.ts";
import { timestamp } from "#core/model/clock.ts";
import { type Identity, makeId, makeIdentity } from "#core/model/id.ts";
import { readProcRecord, readProcText } from "#ffi/proc-file.ts";
import { bootTimeMs, clockTicksPerSecond, readProcessStat } from "#ffi/procfs.ts";

export interface AttachedProcess {
  readonly module: string;
  readonly pid: number;
  readonly startTicks: string;
  /** The module's own words for what it keeps of it; null if it has none. */
  readonly data: string | null;
}

const LONGEST_COMMAND = 4096;

export function attachmentId(node: string, module: string, identity: Identity): string {
  return makeId(node, "attachment", `${module}/${identity}`);
}

/** null when the process is gone. `job`: the jid, of a member of a job. */
export function attachmentItem(
  node: string,
  procRoot: string,
  { module, pid, startTicks, data }: AttachedProcess,
  job: string | null = null,
): Attachment | null {
  const stat = readProcessStat(procRoot, pid);
  if (stat === null || stat.startTicks !== startTicks) return null;
  const identity = makeIdentity(pid, startTicks);
  const uid = /^Uid:\s+([0-9]+)/m.exec(readProcText(`${procRoot}/${pid}/status`) ?? "");
  const argv = (readProcRecord(`${procRoot}/${pid}/cmdline`) ?? "").replace(/\0+$/, "").replaceAll("\0", " ");
  return {
    id: attachmentId(node, module, identity),
    kind: "Attachment",
    node,
    module,
    job,
    pid,
    identity,
    parentPid: stat.parentPid,
    uid: uid ? Number(uid[1]) : null,
    state: stat.state,
    comm: stat.comm,
    argv: argv.slice(0, LONGEST_COMMAND),
    startedAt: timestamp(Math.round(bootTimeMs(procRoot) + (Number(startTicks) * 1000) / clockTicksPerSecond())),
    data,
    usage: null,
  };
}
