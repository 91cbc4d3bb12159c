/**
 * One daemon under observation: its facts as last seen, and while its process lives a pidfd on it, so that its end is
 * known at once and its exit status even though it is not our child.
 */
import { type DaemonFacts, observeDaemon, type ProcessFacts } from "#core/daemon/facts.ts";
import { type ItemContext, makeItem, type Subject, usageOf } from "#core/daemon/item.ts";
import { type Clock, timestamp } from "#core/model/clock.ts";
import type { Daemon, Exit } from "#core/model/daemon.ts";
import type { MusterEvent } from "#core/model/event.ts";
import { PidFd } from "#ffi/pidfd.ts";
import { describeWaitStatus } from "#ffi/signals.ts";
import { beganAt } from "./transitions.ts";

export interface WatchContext {
  readonly node: string;
  readonly procRoot: string;
  readonly clock: Clock;
  /** When the machine started, wall clock milliseconds. */
  readonly bootMs: () => number;
  readonly wantedOf: (id: string) => "up" | "down" | null;
  /** The newest events of a daemon, oldest first. */
  readonly pastOf: (id: string) => readonly MusterEvent[];
  /** True, once, for a process that is our own child. */
  readonly takeChild: (pid: number) => boolean;
}

type OnExit = (identity: string, exit: Exit | null) => void;

export class DaemonWatch {
  readonly subject: Subject;
  readonly #context: WatchContext;
  #facts: DaemonFacts | null = null;
  #item: Daemon | null = null;
  #exit: Exit | null = null;
  #sampledMs = 0;
  /** The process whose end is waited for. */
  #waitingFor: string | null = null;
  /** All waits that are under way: also for processes of before, whose end or whose status is still to come. */
  readonly #waits = new Set<AbortController>();

  constructor(subject: Subject, context: WatchContext) {
    this.subject = subject;
    this.#context = context;
  }

  get item(): Daemon | null {
    return this.#item;
  }

  get isWaiting(): boolean {
    return this.#waitingFor !== null;
  }

  /** Looks again. The item is the same object as before if nothing but its usage changed. */
  look(searchesHolder: boolean): Daemon {
    const { procRoot, node, clock, bootMs, wantedOf } = this.#context;
    const before = this.#facts;
    this.#facts = observeDaemon(this.subject.pidFile, { procRoot, bootMs: bootMs(), searchesHolder }, before);
    const context: ItemContext = {
      node,
      wanted: wantedOf(`${node}/daemon/${this.subject.name}`),
      exit: this.#exit,
      cpuPercent: this.#item?.usage?.cpuPercent ?? null,
    };
    const next = this.#dated(makeItem(this.subject, this.#keepHolder(before, this.#facts), context), clock.wallMs());
    if (this.#item && isSameButUsage(this.#item, next)) return this.#item;
    if (this.#item?.identity !== next.identity) this.#sampledMs = 0;
    this.#item = next;
    return next;
  }

  /** CPU and memory now, from a look just taken. Null if it does not run or nothing was measured yet. */
  sample(): Daemon["usage"] {
    const process = this.#facts?.process ?? null;
    const item = this.#item;
    if (!process || !item?.present) return null;
    const nowMs = this.#context.clock.nowMs();
    const cpuPercent = this.#sampledMs === 0 ? null : percentSince(item, process, nowMs - this.#sampledMs);
    this.#sampledMs = nowMs;
    const usage = usageOf(process, cpuPercent);
    this.#item = { ...item, usage };
    return usage;
  }

  /** Waits for the end of the process it has now. `onExit` is called at its end, and again when its status is known. */
  waitForExit(onExit: OnExit): void {
    const { pid, identity } = this.#item ?? {};
    if (this.#waitingFor === identity) return;
    if (typeof pid !== "number" || typeof identity !== "string") return;
    const pidfd = openLive(pid);
    if (!pidfd) return;
    const stop = new AbortController();
    this.#waitingFor = identity;
    this.#waits.add(stop);
    void this.#awaitExit(pidfd, identity, stop, onExit).finally(() => {
      this.#waits.delete(stop);
      pidfd.close();
    });
  }

  close(): void {
    for (const stop of this.#waits) stop.abort();
  }

  async #awaitExit(pidfd: PidFd, identity: string, stop: AbortController, onExit: OnExit): Promise<void> {
    if (!(await pidfd.exited(stop.signal))) return;
    if (this.#waitingFor === identity) this.#waitingFor = null;
    onExit(identity, null);
    // What this very muster started is its child: nobody else can collect it, and its status is known on any kernel.
    const status = this.#context.takeChild(pidfd.pid) ? pidfd.reap() : await pidfd.reaped(stop.signal);
    if (status === null) return;
    this.#exit = { at: timestamp(this.#context.clock.wallMs()), status, text: describeWaitStatus(status) };
    onExit(identity, this.#exit);
  }

  /** Who holds the lock is searched for only now and then; as long as nothing else changed it is still true. */
  #keepHolder(before: DaemonFacts | null, now: DaemonFacts): DaemonFacts {
    if (
      now.holder !== null ||
      !now.isLocked ||
      !before?.isLocked ||
      before.process?.identity !== now.process?.identity
    ) {
      return now;
    }
    return { ...now, holder: before.holder };
  }

  /** A state keeps its date; a new one without a date of its own began now, if we saw the one before. */
  #dated(next: Daemon, wallMs: number): Daemon {
    if (next.since !== null) return next;
    if (!this.#item) {
      const file = this.#facts?.file;
      return file ? { ...next, since: beganAt(next.state, this.#context.pastOf(next.id), file.modifiedMs) } : next;
    }
    return { ...next, since: this.#item.state === next.state ? this.#item.since : timestamp(wallMs) };
  }
}

/** A pidfd that cannot be had (too many open files, no right) is no reason to fail: the slow round looks after it. */
function openLive(pid: number): PidFd | null {
  try {
    return PidFd.open(pid);
  } catch {
    return null;
  }
}

function percentSince(item: Daemon, process: ProcessFacts, elapsedMs: number): number | null {
  if (!item.usage || elapsedMs <= 0) return null;
  const percent = ((process.cpuSeconds - item.usage.cpuSeconds) * 100_000) / elapsedMs;
  return Math.round(Math.max(0, percent) * 10) / 10;
}

function isSameButUsage(a: Daemon, b: Daemon): boolean {
  const bare = (item: Daemon) => JSON.stringify({ ...item, usage: null });
  return bare(a) === bare(b);
}
