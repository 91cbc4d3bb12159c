/** Making and removing the control groups of the jobs, below the one that is ours. */
import type { Clock } from "#core/model/clock.ts";
import { jidText } from "#core/model/jid.ts";
import { SysError } from "#ffi/sys-error.ts";
import { type BaseGroup, type BaseGroupOptions, closeBaseGroup, openBaseGroup } from "./base-group.ts";
import { kernelError } from "./errors.ts";
import { JobGroup } from "./group.ts";
import type { Jid } from "./requests.ts";

export interface JobGroupsOptions extends BaseGroupOptions {
  readonly clock: Clock;
  readonly onProblem: (message: string) => void;
  /** false: as if no control group could be written. */
  readonly useGroups: boolean;
}

const REMOVE_AGAIN_MS = 200;
const MOST_NAMES = 100;

export class JobGroups {
  readonly base: BaseGroup | null;
  /** Why none can be made; null if they can. */
  readonly missing: string | null;
  readonly #options: JobGroupsOptions;
  readonly #cancels = new Set<() => void>();

  constructor(options: JobGroupsOptions) {
    this.#options = options;
    const base = options.useGroups ? openBaseGroup(options) : "they are not to be used";
    this.base = typeof base === "string" ? null : base;
    this.missing = typeof base === "string" ? base : null;
  }

  /** null where none can be made. Throws ENOMEM, EPERM, EIO. */
  make(jid: Jid): JobGroup | null {
    if (!this.base) return null;
    const { mount, path } = this.base;
    for (let attempt = 0; ; attempt++) {
      const name = `${jidText(jid).slice(2)}${attempt === 0 ? "" : `.${attempt}`}`;
      try {
        return JobGroup.make(mount, `${path}/${name}`, this.#options.procRoot);
      } catch (thrown) {
        // The group of an earlier job with this id, which is not empty yet.
        if (thrown instanceof SysError && thrown.errnoName === "EEXIST" && attempt < MOST_NAMES) continue;
        throw kernelError(thrown, `no control group for job ${jidText(jid)}`);
      }
    }
  }

  /** Now or soon: it is busy for as long as its last process takes to be gone altogether. */
  remove(group: JobGroup): void {
    try {
      if (group.remove()) return;
    } catch (thrown) {
      if (!(thrown instanceof SysError)) throw thrown;
      this.#options.onProblem(`control group ${group.path} cannot be removed: ${thrown.message}`);
      return;
    }
    const cancel = this.#options.clock.setTimer(REMOVE_AGAIN_MS, () => {
      this.#cancels.delete(cancel);
      this.remove(group);
    });
    this.#cancels.add(cancel);
  }

  /** To be called last: from then on the group above them is anybody's. */
  close(): void {
    for (const cancel of this.#cancels) cancel();
    this.#cancels.clear();
    if (this.base) closeBaseGroup(this.base);
  }
}
