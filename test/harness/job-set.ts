/** Jobs of a test's own, in a control group of its own, and what became of them. */
import { systemClock } from "#app/cli/system-clock.ts";
import { errnoName } from "#core/model/error.ts";
import type { JobReport } from "#core/model/job.ts";
import { JOB_DEFAULTS, type JobSettings } from "#core/model/pagg-settings.ts";
import { openBaseGroup, v2Mount } from "#core/pagg/job/base-group.ts";
import type { JobChange } from "#core/pagg/job/changes.ts";
import type { Jid, JobEnd } from "#core/pagg/job/requests.ts";
import { JobSet, type JobSetOptions } from "#core/pagg/job/set.ts";
import { childGroups, groupProcesses, removeGroup } from "#ffi/cgroup.ts";
import { processIdentityTicks } from "#ffi/procfs.ts";
import { SysError } from "#ffi/sys-error.ts";
import type { TemporaryDirectory } from "./directory.ts";
import { Told } from "./told.ts";

/** A name no other test has. */
export const ownGroup = (): string => `muster.test-${process.pid}-${crypto.randomUUID().slice(0, 8)}`;

/** Why no control groups can be made here, or null. */
export const groupsMissing: string | null = (() => {
  const wanted = `muster.test-${process.pid}-probe`;
  const base = openBaseGroup({ procRoot: "/proc", uid: process.getuid?.() ?? -1, wanted });
  if (typeof base === "string") return base;
  base.lock.close();
  removeGroup(base.mount + base.path);
  sweepLeftovers();
  return null;
})();

export class TestJobs implements Disposable {
  readonly set: JobSet;
  readonly #told = new Told<JobChange>();
  readonly changes = this.#told.all;
  readonly problems: string[] = [];
  readonly group: string;
  repairs = 0;

  constructor(
    directory: TemporaryDirectory,
    options: Partial<JobSetOptions> & { readonly jobs?: Partial<JobSettings>; readonly group?: string } = {},
  ) {
    const { jobs = {}, group = ownGroup(), ...rest } = options;
    this.group = group;
    const set = JobSet.open({
      node: "n1",
      stateDirectory: directory.path,
      procRoot: "/proc",
      uid: process.getuid?.() ?? -1,
      clock: systemClock,
      settings: { ...JOB_DEFAULTS, cgroup: group, ...jobs },
      onChange: (changes) => this.#told.push(...changes),
      onProblem: (message) => this.problems.push(message),
      onRepair: () => this.repairs++,
      ...rest,
    });
    if (!set) throw new Error("another process keeps the jobs");
    this.set = set;
  }

  /** The first change that fits, of those that were and those to come. */
  until<T>(find: (change: JobChange) => T | null): Promise<T> {
    return this.#told.until(find);
  }

  untilEnded(jid: Jid): Promise<JobReport> {
    return this.until((change) => (change.type === "ended" && change.jid === jid ? change.report : null));
  }

  waited(jid: Jid): Promise<JobEnd> {
    return new Promise((resolve) => this.set.waitjid(jid, resolve));
  }

  /** Absolute path of the group of a job. */
  path(jid: Jid): string {
    return `${v2Mount("/proc")}${this.set.entry(jid)?.cgroup}`;
  }

  /** Ends what is left of the jobs, too. */
  [Symbol.dispose](): void {
    try {
      for (const { jid } of this.set.entries()) this.set.killjid(jid, 9);
    } finally {
      this.set.close();
      sweepGroup(this.group);
    }
  }
}

/** Takes a test's control group away with all in it; what is killed is gone in a moment, or the test has forgotten it. */
export function sweepGroup(name: string): void {
  const path = `${v2Mount("/proc")}/${name}`;
  for (let tries = 0; tries < 2000; tries++) {
    if (isRemoved(path)) return;
    Bun.sleepSync(5);
  }
  throw new Error(`${path} has processes that nobody ends: ${[...(groupProcesses(path) ?? [])].join(", ")}`);
}

function isRemoved(path: string): boolean {
  try {
    return removeGroup(path);
  } catch (thrown) {
    if (!(thrown instanceof SysError)) throw thrown;
    return false;
  }
}

/** Empty groups of tests that were killed themselves. */
function sweepLeftovers(): void {
  const mount = v2Mount("/proc");
  if (mount === null) return;
  for (const name of childGroups(mount)) {
    const pid = /^muster\.test-([0-9]+)-/.exec(name)?.[1];
    if (pid !== undefined && processIdentityTicks("/proc", Number(pid)) === null) isRemoved(`${mount}/${name}`);
  }
}

/** `ENODATA` and the like: what the call was refused with; "" if it was not. */
export function refusal(call: () => unknown): string {
  try {
    call();
    return "";
  } catch (thrown) {
    const errno = (thrown as { errno?: unknown }).errno;
    return typeof errno === "string" ? errno : (errnoName(thrown) ?? String(thrown));
  }
}
