/** The processes of this machine, for whoever has to choose one: read once when asked, a few at a time. */

import { type Clock, delay } from "#core/model/clock.ts";
import { errnoName } from "#core/model/error.ts";
import { UserNames } from "#ffi/accounts.ts";
import { readProcRecord, readProcText } from "#ffi/proc-file.ts";
import { hasEnded, listPids, readProcessStat } from "#ffi/procfs.ts";

/** A process as it is offered for choice. Plain data. */
export interface ProcessRow {
  readonly pid: number;
  /** `pid:starttime` */
  readonly identity: string;
  readonly uid: number | null;
  /** Name of the user; the number where there is no name. */
  readonly user: string;
  /** Its arguments, or its name in brackets where it has none. */
  readonly command: string;
}

export interface ProcessQuery {
  /** Threads of the kernel too; they cannot be members of anything. */
  readonly kernel?: boolean;
}

/** The loop goes on after so many: reading one takes about 50 µs. */
const CHUNK = 50;
const LONGEST_COMMAND = 512;

/** In the order of their pids. What ends meanwhile, and what may not be read, is left out. */
export async function readProcesses(procRoot: string, clock: Clock, query: ProcessQuery): Promise<ProcessRow[]> {
  const names = new UserNames();
  const rows: ProcessRow[] = [];
  for (const [index, pid] of listPids(procRoot).entries()) {
    if (index % CHUNK === CHUNK - 1) await delay(clock, 0);
    const row = readAllowed(() => readProcess(procRoot, pid, query, names));
    if (row !== null) rows.push(row);
  }
  return rows.sort((a, b) => a.pid - b.pid);
}

/** With hidepid of proc(5) the processes of others may not be read. */
function readAllowed<T>(read: () => T): T | null {
  try {
    return read();
  } catch (thrown) {
    const errno = errnoName(thrown);
    if (errno === "EACCES" || errno === "EPERM") return null;
    throw thrown;
  }
}

function readProcess(procRoot: string, pid: number, query: ProcessQuery, names: UserNames): ProcessRow | null {
  const stat = readProcessStat(procRoot, pid);
  if (stat === null || hasEnded(stat)) return null;
  if (stat.kernelThread && !query.kernel) return null;
  const uid = uidOf(procRoot, pid);
  return {
    pid,
    identity: `${pid}:${stat.startTicks}`,
    uid,
    user: uid === null ? "?" : (names.of(uid) ?? String(uid)),
    command: commandOf(procRoot, pid) || `[${stat.comm}]`,
  };
}

/** Effective user: the second number of `Uid:` in proc_pid_status(5). */
function uidOf(procRoot: string, pid: number): number | null {
  const match = /^Uid:\s+\d+\s+(\d+)/m.exec(readProcText(`${procRoot}/${pid}/status`) ?? "");
  return match ? Number(match[1]) : null;
}

/** proc_pid_cmdline(5): arguments ended by NUL; a process that wrote over them may have ended them with nothing. */
function commandOf(procRoot: string, pid: number): string {
  const text = readProcRecord(`${procRoot}/${pid}/cmdline`) ?? "";
  return text.replace(/\0+$/, "").replaceAll("\0", " ").slice(0, LONGEST_COMMAND).trim();
}
