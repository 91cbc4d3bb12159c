/**
 * The privileged processes of the service: those that it was asked to start itself, and those that clients of its root server
 * had started. A list in the state directory tells the next start of the service which there are.
 *
 *     table --onChange--> kept --[lull]--> processes.json
 *                           \--> onChange --> items, events
 *     next start: what lives still is held again, and its end is seen; what has ended meanwhile left no status behind
 *
 * How a process ended is kept until whoever had it started was told; of those that were told, or never can be, the latest.
 */
import type { Clock } from "#core/model/clock.ts";
import { makeIdentity } from "#core/model/id.ts";
import type { ProcessRow, Starter } from "#core/pmdaroot/process-row.ts";
import { ProcessTable } from "#core/pmdaroot/process-table.ts";
import { PidFd } from "#ffi/pidfd.ts";
import { processIdentityTicks } from "#ffi/procfs.ts";
import { type KeptProcess, readProcessList, writeProcessList } from "./kept-process-list.ts";
import { Lull } from "./observe/lull.ts";

export interface KeptProcessesOptions {
  readonly stateDirectory: string;
  readonly procRoot: string;
  readonly clock: Clock;
  readonly uid: number;
  readonly variables: Readonly<Record<string, string>>;
  readonly log: (text: string) => void;
  readonly onChange: (now: KeptProcess, before: KeptProcess | null) => void;
  /** It was told and is among the latest no more. */
  readonly onForgotten: (identity: string) => void;
  readonly onProblem: (message: string) => void;
}

/**
 * What is not in the list yet is lost with the service. A start that was asked for here is written before it is answered; what
 * clients of the socket do at once, and in a storm as often as a fifth of the time allows.
 */
const LULL_MS = 1;
/** Of those whose end was told, or can never be. */
const MOST_OVER = 1000;

export class KeptProcesses implements Disposable {
  readonly table: ProcessTable;
  readonly #options: KeptProcessesOptions;
  readonly #kept = new Map<string, KeptProcess>();
  /** Nobody is owed their ends: in the order in which that came to be so. */
  readonly #over = new Set<string>();
  readonly #waiting = new Map<string, Set<(ended: KeptProcess) => void>>();
  /** By identity, who of ours had it started: the table tells only him. */
  readonly #starters = new Map<string, Starter>();
  readonly #lull: Lull;
  /** Whom `start` is for at this moment. */
  #starting: Starter | null = null;
  #isClosed = false;

  constructor(options: KeptProcessesOptions) {
    const { procRoot, clock, variables, log } = options;
    this.#options = options;
    this.#lull = new Lull(clock, LULL_MS, () => {
      this.#write();
      return true;
    });
    this.table = new ProcessTable({ variables, clock, log, procRoot, onChange: (row) => this.#changed(row) });
  }

  /** Those of the last run. */
  restore(): void {
    const { procRoot, clock } = this.#options;
    const { processes, isOfThisBoot } = readProcessList(this.#options);
    for (const kept of processes) {
      const { identity, row, via } = kept;
      this.#kept.set(identity, kept);
      if (isOver(kept)) this.#forgetOldest(identity);
      if (row.endedAtMs !== null) {
        if (via === "socket" && !row.isTold) this.table.keepEnded(row);
        continue;
      }
      const pidfd = isOfThisBoot ? holdAgain(procRoot, row) : null;
      // It ended while nobody looked: there is no status to be had.
      if (pidfd === null) this.#replace({ ...kept, row: { ...row, endedAtMs: clock.wallMs() } });
      else {
        const starter = via === "service" ? { ...row.starter } : null;
        if (starter) this.#starters.set(identity, starter);
        this.table.adopt({ pidfd, row, starter });
      }
    }
    if (this.#kept.size > 0) this.#lull.ask();
  }

  list(): readonly KeptProcess[] {
    return [...this.#kept.values()];
  }

  get(identity: string): KeptProcess | null {
    return this.#kept.get(identity) ?? null;
  }

  /** Throws PmdaRootError PM_ERR_GENERIC. A program that cannot be run is a process that has ended. */
  start(starter: Starter, label: string, commandLine: string): { process: KeptProcess; failure: string | null } {
    const own = { ...starter };
    this.#starting = own;
    try {
      const { pid, failure } = this.table.start(own, label, commandLine, 0);
      for (const [identity, each] of this.#starters) {
        const kept = each === own ? this.#kept.get(identity) : undefined;
        if (!kept) continue;
        this.#write();
        return { process: kept, failure };
      }
      throw new Error(`process ${pid} was started, and nobody told of it`);
    } finally {
      this.#starting = null;
    }
  }

  /** Calls `ended` when it has, at once if it has already; the returned function gives up. */
  onEnd(identity: string, ended: (kept: KeptProcess) => void): () => void {
    const kept = this.#kept.get(identity);
    if (kept && kept.row.endedAtMs !== null) {
      ended(kept);
      return () => {};
    }
    const waiting = this.#waiting.get(identity) ?? new Set();
    this.#waiting.set(identity, waiting);
    waiting.add(ended);
    return () => {
      waiting.delete(ended);
    };
  }

  /** Whoever asks the service knows how it ended: of what the service itself had started, nobody else is owed it. */
  tell(identity: string): void {
    const kept = this.#kept.get(identity);
    const starter = this.#starters.get(identity);
    if (kept?.via !== "service" || kept.row.endedAtMs === null || kept.row.isTold) return;
    if (starter && kept.row.status !== null) this.table.waitFor(starter, kept.row.pid);
    else this.#changed({ ...kept.row, isTold: true });
    this.#starters.delete(identity);
  }

  /** The processes run on. */
  [Symbol.dispose](): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#lull.close();
    this.#write();
    this.table[Symbol.dispose]();
  }

  #changed(row: ProcessRow): void {
    if (row.startTicks === null) return;
    const identity = makeIdentity(row.pid, row.startTicks);
    const known = this.#kept.get(identity);
    // Of another start of the machine it may be another's.
    const before = known?.row.startedAtMs === row.startedAtMs ? known : null;
    const via = before?.via ?? (this.#starting === null ? "socket" : "service");
    if (before === null && this.#starting !== null) this.#starters.set(identity, this.#starting);
    this.#replace({ identity, row, via, isAdopted: before?.isAdopted ?? false });
  }

  #replace(kept: KeptProcess): void {
    const { identity, row } = kept;
    const before = this.#kept.get(identity) ?? null;
    this.#kept.set(identity, kept);
    this.#options.onChange(kept, before);
    if (row.endedAtMs !== null) {
      const waiting = this.#waiting.get(identity);
      this.#waiting.delete(identity);
      for (const ended of waiting ?? []) ended(kept);
    }
    if (isOver(kept)) this.#forgetOldest(identity);
    if (!this.#isClosed) this.#lull.ask();
  }

  #forgetOldest(identity: string): void {
    this.#over.add(identity);
    if (this.#over.size <= MOST_OVER) return;
    const [oldest] = this.#over;
    if (oldest === undefined) return;
    this.#over.delete(oldest);
    this.#kept.delete(oldest);
    this.#options.onForgotten(oldest);
  }

  #write(): void {
    writeProcessList(this.#options, [...this.#kept.values()]);
  }
}

/** Clients of the socket are told a status or nothing: without one there is nothing to wait for. */
function isOver({ row, via }: KeptProcess): boolean {
  return row.isTold || (via === "socket" && row.endedAtMs !== null && row.status === null);
}

/** null if it is gone: a zombie that nobody has collected counts as gone, and keeps its status to itself. */
function holdAgain(procRoot: string, { pid, startTicks }: ProcessRow): PidFd | null {
  const pidfd = PidFd.open(pid);
  if (pidfd !== null && processIdentityTicks(procRoot, pid) === startTicks && pidfd.isAlive()) return pidfd;
  pidfd?.close();
  return null;
}
