/** A process set of a test's own, and what became of it. */
import { systemClock } from "#app/cli/system-clock.ts";
import { PSM_DEFAULTS, type PsmSettings } from "#core/model/psm-settings.ts";
import type { SetChange } from "#core/psm/change.ts";
import type { MemberEntry } from "#core/psm/entry.ts";
import { type ExitSources, hostExitSources } from "#core/psm/exit-sources.ts";
import { ProcessSet } from "#core/psm/set.ts";
import { PsmError, subsystemOf } from "#core/psm/status.ts";
import { errnoName } from "#ffi/errno-names.ts";
import type { TemporaryDirectory } from "./directory.ts";
import { Told } from "./told.ts";

/** psm_memrsp_t of a generic query that finds nobody. */
export const NO_MEMBERS = {
  mrs_listidx: 0,
  mrs_listcnt: 0,
  mrs_total: 0,
  mrs_pid: 0,
  mrs_exitcode: 0,
  mrs_flags: 0,
  mrs_name: "",
  mrs_state: "",
  mrs_argv: "",
};

export interface SetOptions {
  readonly settings?: Partial<PsmSettings>;
  readonly exits?: Partial<ExitSources>;
  readonly procRoot?: string;
  readonly node?: string;
}

export class TestSet implements Disposable {
  readonly set: ProcessSet;
  readonly #told = new Told<SetChange>();
  readonly changes = this.#told.all;
  readonly problems: string[] = [];

  constructor(directory: TemporaryDirectory, options: SetOptions = {}) {
    const { procRoot = "/proc", node = "n1" } = options;
    const set = ProcessSet.open({
      node,
      stateDirectory: directory.path,
      procRoot,
      clock: systemClock,
      settings: { ...PSM_DEFAULTS, ...options.settings },
      exits: { ...hostExitSources(procRoot, 1000), ...options.exits },
      onChange: (changes) => this.#told.push(...changes),
      onRepaired: () => {},
      onProblem: (message) => {
        this.problems.push(message);
      },
    });
    if (!set) throw new Error("another process keeps the set");
    this.set = set;
  }

  /** The first change that fits, of those that were and those to come. */
  until<T>(find: (change: SetChange) => T | null): Promise<T> {
    return this.#told.until(find);
  }

  untilExited(pid: number): Promise<MemberEntry> {
    return this.until((change) => (change.type === "memberExited" && change.entry.pid === pid ? change.entry : null));
  }

  [Symbol.dispose](): void {
    this.set.close();
  }
}

/** `EALREADY` and the like: the subsystem half of what the call was refused with; "" if it was not. */
export function refusal(call: () => unknown): string {
  try {
    call();
    return "";
  } catch (thrown) {
    if (!(thrown instanceof PsmError)) throw thrown;
    const subsystem = subsystemOf(thrown.status);
    const name = subsystem === 95 ? "ENOTSUP" : errnoName(subsystem);
    return name === thrown.errno ? name : `${name} but ${thrown.errno}`;
  }
}
