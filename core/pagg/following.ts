/**
 * All processes that any operator's module holds or is being asked about, followed once for all modules.
 *
 *     process events -> ProcessTracker -> Followed: one membership a module -> the module's queue
 *                                           asked --attached--> shown --exit--> detached
 *                                             `----left, refused----> no longer followed for it
 *
 * A child of a process that is asked about is asked about too: its module decides on both in their order.
 */
import type { Clock } from "#core/model/clock.ts";
import { readProcText } from "#ffi/proc-file.ts";
import { clockTicksPerSecond, listPids, readProcessStat } from "#ffi/procfs.ts";
import type { AttachedProcess } from "./attached.ts";
import type { Detachment, ModuleChange } from "./change.ts";
import type { HostEvent, Key, Outcome } from "./host/messages.ts";
import { bornAt } from "./tracker/born.ts";
import { ProcessTracker } from "./tracker/tracker.ts";

/** Whoever is told of the processes: a module that is loaded. */
export interface Follower {
  readonly name: string;
  push(event: HostEvent): void;
}

interface Membership {
  /** Once the module has attached it: what is shown of it. */
  shown: AttachedProcess | null;
}

interface Group {
  readonly processes: Map<Key, Followed>;
  /** How many of them are shown. */
  shown: number;
  readonly refusals: Refusals;
}

/** A module that refuses every fork of a storm is heard a few times a second. */
interface Refusals {
  sinceMs: number;
  told: number;
  untold: number;
}

interface Followed {
  readonly key: Key;
  readonly pid: number;
  readonly parentPid: number;
  startTicks: string | null;
  readonly members: Map<Follower, Membership>;
}

const REFUSALS_A_SECOND = 10;
/** Over all there is, where each time events were lost meanwhile: more of them would lose more. */
const MOST_PASSES = 8;

export interface FollowingOptions {
  readonly clock: Clock;
  readonly procRoot: string;
  readonly onChange: (change: ModuleChange) => void;
  readonly onLoss: () => void;
}

export class Following {
  readonly #options: FollowingOptions;
  readonly #tracker: ProcessTracker<Followed>;
  readonly #groups = new Map<Follower, Group>();
  #lastKey: Key = 0;
  #ticks: number | null = null;
  /** While a module is asked about all there is: children of those that were not reached yet. */
  #onStranger: ((pid: number, forkedNs: number) => void) | null = null;

  constructor(options: FollowingOptions) {
    this.#options = options;
    this.#tracker = new ProcessTracker<Followed>({
      procRoot: options.procRoot,
      clock: options.clock,
      onFork: (parent, childPid, parentPid) => this.#forked(parent, childPid, parentPid),
      onExec: (_pid, followed) => this.#tell(followed, ["exec", followed.key]),
      onExit: (_pid, followed, { status }) => this.#exited(followed, status),
      onStranger: (_parentPid, childPid, timeNs) => this.#onStranger?.(childPid, timeNs),
      onRepair: options.onLoss,
    });
  }

  /** From now on the follower may have processes. */
  add(follower: Follower): void {
    this.#groups.set(follower, {
      processes: new Map(),
      shown: 0,
      refusals: { sinceMs: this.#options.clock.nowMs(), told: 0, untold: 0 },
    });
  }

  /** Its processes are let out. */
  remove(follower: Follower): void {
    const group = this.#groups.get(follower);
    for (const process of [...(group?.processes.values() ?? [])]) this.#leave(process, follower, LET_OUT);
    this.#groups.delete(follower);
  }

  /**
   * Asks about every process there is, threads of the kernel left out. What is forked meanwhile is its parent's child if that
   * was asked about before, and asked about itself if not. Throws SysError where events are not to be had.
   */
  askAll(follower: Follower): void {
    using _hearing = this.#tracker.hear();
    this.#onStranger = (pid, forkedNs) => this.#ask(follower, pid, "init", forkedNs);
    try {
      // Where a fork was lost, nobody asked about the child.
      let losses = -1;
      for (let pass = 0; pass < MOST_PASSES && losses !== this.#tracker.losses; pass++) {
        losses = this.#tracker.losses;
        for (const pid of listPids(this.#options.procRoot)) this.#ask(follower, pid, "init");
        this.#tracker.drain();
      }
    } finally {
      this.#onStranger = null;
    }
  }

  /** The module itself wants a process: the errno it cannot have it for, or null. Throws as askAll(). */
  adopt(follower: Follower, pid: number, request: number): "ESRCH" | "EINVAL" | null {
    return this.#ask(follower, pid, request);
  }

  /** What the module made of the processes it was told of. */
  settle(follower: Follower, outcome: Outcome): void {
    const processes = this.#groups.get(follower)?.processes;
    if (!processes) return;
    // What has ended by now is not shown any more.
    if (outcome.attached.length > 0) this.#tracker.drain();
    for (const [key, text] of outcome.attached) {
      const followed = processes.get(key);
      const membership = followed?.members.get(follower);
      if (followed && membership) this.#attached(follower, followed, membership, text);
    }
    for (const [key, text] of outcome.changed) {
      const membership = processes.get(key)?.members.get(follower);
      if (membership) this.#changed(membership, text);
    }
    for (const key of outcome.left) {
      const followed = processes.get(key);
      if (followed) this.#leave(followed, follower, LET_OUT);
    }
    for (const [key, message] of outcome.refused) {
      const followed = processes.get(key);
      if (!followed) continue;
      this.#refused(follower, followed.pid, message);
      this.#leave(followed, follower, LET_OUT);
    }
  }

  attached(follower: Follower): AttachedProcess[] {
    const processes = [...(this.#groups.get(follower)?.processes.values() ?? [])];
    return processes.map(({ members }) => members.get(follower)?.shown ?? null).filter((shown) => shown !== null);
  }

  count(follower: Follower): number {
    return this.#groups.get(follower)?.shown ?? 0;
  }

  close(): void {
    this.#tracker.close();
    this.#groups.clear();
  }

  /** `forkedNs`: only the process whose fork was told then. A later one with its pid has a fork of its own, still to be told. */
  #ask(
    follower: Follower,
    pid: number,
    how: "init" | number,
    forkedNs: number | null = null,
  ): "ESRCH" | "EINVAL" | null {
    // It could not take any more, and is gone.
    if (!this.#groups.has(follower)) return "ESRCH";
    const taken = this.#tracker.take(pid, ({ kernelThread, parentPid, startTicks }): Followed | undefined => {
      if (kernelThread || (forkedNs !== null && !bornAt(startTicks, forkedNs))) return undefined;
      return { key: ++this.#lastKey, pid, parentPid, startTicks, members: new Map() };
    });
    if (!taken) return "ESRCH";
    const { data: followed, stat } = taken;
    if (followed.members.has(follower)) return "EINVAL";
    followed.startTicks = stat.startTicks;
    this.#join(followed, follower);
    const head = [followed.key, pid, stat.parentPid, stat.startTicks] as const;
    follower.push(how === "init" ? ["init", ...head] : ["adopt", ...head, how]);
    return null;
  }

  #join(followed: Followed, follower: Follower): void {
    followed.members.set(follower, { shown: null });
    this.#groups.get(follower)?.processes.set(followed.key, followed);
  }

  #forked(parent: Followed, pid: number, parentPid: number): Followed | undefined {
    const child: Followed = { key: ++this.#lastKey, pid, parentPid, startTicks: null, members: new Map() };
    const ticks = this.#nowTicks();
    for (const follower of [...parent.members.keys()]) {
      this.#join(child, follower);
      follower.push(["fork", parent.key, child.key, pid, parentPid, ticks]);
    }
    // A module that cannot take any more has left in the middle of it.
    return child.members.size > 0 ? child : undefined;
  }

  #exited(followed: Followed, status: number | null): void {
    this.#tell(followed, ["exit", followed.key, status]);
    for (const follower of [...followed.members.keys()]) this.#forget(followed, follower, { isExited: true, status });
  }

  #tell(followed: Followed, event: HostEvent): void {
    for (const follower of [...followed.members.keys()]) follower.push(event);
  }

  #attached(follower: Follower, followed: Followed, membership: Membership, text: string | null): void {
    followed.startTicks ??= readProcessStat(this.#options.procRoot, followed.pid)?.startTicks ?? null;
    // Gone in this very moment: there is nothing to show any more.
    if (followed.startTicks === null) return;
    const { pid, startTicks } = followed;
    membership.shown = { module: follower.name, pid, startTicks, data: text };
    const group = this.#groups.get(follower);
    if (group) group.shown++;
    this.#options.onChange({ type: "attached", process: membership.shown });
  }

  #refused(follower: Follower, pid: number, message: string): void {
    const refusals = this.#groups.get(follower)?.refusals;
    if (!refusals) return;
    const nowMs = this.#options.clock.nowMs();
    if (nowMs - refusals.sinceMs >= 1000) Object.assign(refusals, { sinceMs: nowMs, told: 0 });
    if (refusals.told >= REFUSALS_A_SECOND) {
      refusals.untold++;
      return;
    }
    const more = refusals.untold === 0 ? "" : ` (and ${refusals.untold} more before it)`;
    refusals.told++;
    refusals.untold = 0;
    this.#options.onChange({ type: "refused", module: follower.name, pid, message: `${message}${more}` });
  }

  #changed(membership: Membership, text: string | null): void {
    if (!membership.shown) return;
    membership.shown = { ...membership.shown, data: text };
    this.#options.onChange({ type: "changed", process: membership.shown });
  }

  /** A module no longer holds it; the last one lets go of it. */
  #leave(followed: Followed, follower: Follower, end: Detachment): void {
    this.#forget(followed, follower, end);
    if (followed.members.size === 0 && this.#tracker.get(followed.pid) === followed) this.#tracker.detach(followed.pid);
  }

  #forget(followed: Followed, follower: Follower, end: Detachment): void {
    const shown = followed.members.get(follower)?.shown ?? null;
    followed.members.delete(follower);
    const group = this.#groups.get(follower);
    group?.processes.delete(followed.key);
    if (group && shown) group.shown--;
    if (shown) this.#options.onChange({ type: "detached", process: shown, end });
  }

  /** Now, in clock ticks after the start of the machine; asked once for all that comes together. */
  #nowTicks(): number {
    if (this.#ticks !== null) return this.#ticks;
    const seconds = Number.parseFloat(readProcText(`${this.#options.procRoot}/uptime`) ?? "");
    const ticks = Number.isFinite(seconds) ? Math.ceil(seconds * clockTicksPerSecond()) : Number.MAX_SAFE_INTEGER;
    this.#ticks = ticks;
    queueMicrotask(() => {
      this.#ticks = null;
    });
    return ticks;
  }
}

const LET_OUT: Detachment = { isExited: false, status: null };
