/** A job that has not ended: who is in it, and who left it last. */
import type { JobState } from "#core/model/job.ts";
import type { TrackedExit } from "../tracker/tracked-exit.ts";
import type { JobRecord } from "./entry.ts";
import type { JobGroup } from "./group.ts";
import { endedAfter, type Rank } from "./last-ones.ts";
import type { JobEnd } from "./requests.ts";

/** How the last process so far has left. */
export interface Leave {
  readonly pid: number;
  readonly how: "exit" | "detach" | "lost";
  readonly status: number | null;
  readonly timeNs: number | null;
  /** Where it stands in the order of ends. */
  readonly rank: Rank | null;
  /** Who had ended before it, for sure: its parent. */
  readonly orphanOf: number | null;
}

/**
 * Between the end of a process that was collected at once and the word of it lies at most this much of somebody else's time,
 * on a machine that has too much to do.
 */
const LATE_NS = 1e9;

export class RunningJob {
  readonly record: JobRecord;
  /** null: held by the tracker alone. */
  readonly group: JobGroup | null;
  /** Pids in the order they came. */
  readonly members = new Set<number>();
  readonly waiters = new Set<(end: JobEnd) => void>();
  /** Members that are gone from the kernel's list, by how often they were found so; the word of their end should come. */
  readonly doubted = new Map<number, number>();
  /** Parents of members that are in no job themselves: a child of theirs may be a member's, by CLONE_PARENT. */
  readonly outsideParents = new Set<number>();
  /** Of the last few members. */
  readonly ranks = new Map<number, Rank>();
  /** Sessions and process groups that began with its first process: what is in them was forked out of it. */
  readonly sessions = new Set<number>();
  /** `pid:start` of those that were detached. */
  readonly released = new Set<string>();
  /** Its first process that was written down; null: none. */
  savedPrime: number | null = null;
  /** null once some may have been missed. */
  total: number | null = 0;
  usesCloneParent = false;
  isDying = false;
  isFreezeWanted = false;
  isFrozen = false;
  hasEnded = false;
  last: Leave | null = null;
  /** When its members were last compared with the kernel's list. */
  checkedMs = 0;

  constructor(record: JobRecord, group: JobGroup | null) {
    this.record = record;
    this.group = group;
  }

  get state(): JobState {
    if (this.isDying) return "dying";
    if (this.isFrozen) return "frozen";
    return this.isFreezeWanted ? "freezing" : "running";
  }

  entered(pid: number): void {
    if (this.members.has(pid)) return;
    this.members.add(pid);
    if (this.total !== null) this.total++;
  }

  detached(pid: number): void {
    this.#gone(pid);
    this.last = { pid, how: "detach", status: 0, timeNs: null, rank: null, orphanOf: null };
  }

  exited(pid: number, exit: TrackedExit): void {
    const { status, timeNs } = exit;
    const rank = this.ranks.get(pid) ?? null;
    const isBefore = this.last?.orphanOf === pid || (endedAfter(this.last?.rank ?? null, rank) ?? this.#isBehind(exit));
    this.#gone(pid);
    const orphanOf = exit.isOrphan ? exit.parentPid : null;
    if (!isBefore) this.last = { pid, how: status === null ? "lost" : "exit", status, timeNs, rank, orphanOf };
  }

  /**
   * Where nothing better is known, the order of events is that of leaving, but for two cases. Their time stamps are taken
   * earlier than they are sent. And a process whose end was told when its parent had not ended, or had collected it already,
   * ended before that parent, whoever's word came first.
   */
  #isBehind({ parentPid, isCollected, hadParent, timeNs, previousNs }: TrackedExit): boolean {
    const { last } = this;
    if (!last || last.timeNs === null || timeNs === null || (previousNs ?? 0) >= last.timeNs) return false;
    if (timeNs < last.timeNs) return true;
    return last.pid === parentPid && (hadParent || (isCollected && timeNs - last.timeNs < LATE_NS));
  }

  #gone(pid: number): void {
    this.members.delete(pid);
    this.doubted.delete(pid);
  }
}
