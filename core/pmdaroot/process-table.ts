/**
 * The processes this server started: pmdaRootProcessStart, -Wait and -Terminate. Each is held by its pidfd, so that nothing
 * else is ever signalled or waited for, and how it ended is kept until somebody has taken it.
 *
 *     start -> running --- pidfd says it ended, or a wait asks ---> ended, with its status -> wait takes it
 */
import type { Clock } from "#core/model/clock.ts";
import { duplicate, type Fd, pipe } from "#ffi/fd.ts";
import type { PidFd } from "#ffi/pidfd.ts";
import { EPOLL, type Watch, watchKept } from "#ffi/pump.ts";
import { SIGNALS } from "#ffi/signals.ts";
import { SysError } from "#ffi/sys-error.ts";
import { IPC } from "./codec.ts";
import { PmdaRootError } from "./error.ts";
import { splitArguments, startProgram } from "./program.ts";
import { STATUS } from "./status.ts";

/** Whose a process is: it alone is told how the process ended, and everybody once it is gone. */
export interface Starter {
  readonly uid: number;
  /** null if that is not known. */
  readonly pid: number | null;
}

export interface ProcessRow {
  readonly pid: number;
  /** With the pid, its identity; null where nobody wants to know. */
  readonly startTicks: string | null;
  readonly label: string;
  readonly commandLine: string;
  /** Who had it started. */
  readonly starter: Starter;
  readonly startedAtMs: number;
  /** null while it runs. */
  readonly endedAtMs: number | null;
  /** Wait status, wait(2); null while it runs, and if nobody could learn it. */
  readonly status: number | null;
  /** Its end was told to somebody. */
  readonly isTold: boolean;
}

/** A process of an earlier run, held again. */
export interface AdoptedProcess {
  readonly pidfd: PidFd;
  readonly row: ProcessRow;
  /** null: whoever asks may be told of its end. */
  readonly starter: Starter | null;
}

export interface StartedProcess {
  readonly pid: number;
  /** The other end of its standard input and output, for the one who asked; null without pipes. */
  readonly ends: readonly [toChild: Fd, fromChild: Fd] | null;
  /** Why the program could not be executed; the process has ended then. */
  readonly failure: string | null;
}

export interface ProcessTableOptions {
  readonly variables: Readonly<Record<string, string>>;
  readonly clock: Clock;
  readonly log: (text: string) => void;
  /** Where start times are read; left out where nobody wants to know. */
  readonly procRoot?: string;
  /** It was started, has ended, or its end was told. */
  readonly onChange?: (row: ProcessRow) => void;
}

interface Running {
  readonly row: ProcessRow;
  readonly pidfd: PidFd;
  /** Ends the watch for its end. */
  readonly unwatch: () => void;
  /** No child of ours. */
  readonly isAdopted: boolean;
  starter: Starter | null;
}

interface Ended {
  readonly row: ProcessRow;
  readonly status: number;
  starter: Starter | null;
}

/** What a program that could not be executed ends with: pmdaroot(1)'s child calls exit(1). */
const NOT_EXECUTED = 1 << 8;
const STANDARD_ERROR = 2;
const WATCHED_AFTER_MS = 20;
/** Whose child it is by now collects it soon, or never. */
const COLLECTED_WITHIN_MS = 3000;

export class ProcessTable implements Disposable {
  readonly #options: ProcessTableOptions;
  readonly #running = new Map<number, Running>();
  /** In the order in which they ended. A number may be there several times. */
  readonly #ended = new Set<Ended>();

  constructor(options: ProcessTableOptions) {
    this.#options = options;
  }

  /** Throws PmdaRootError PM_ERR_GENERIC when there can be no process. A program that cannot be run is one that has ended. */
  start(starter: Starter, label: string, commandLine: string, ipcType: number): StartedProcess {
    const argv = splitArguments(commandLine);
    if (argv.length === 0) throw this.#failed(label, "no program was named");
    try {
      return this.#start(starter, label, commandLine, argv, ipcType === IPC.PIPE);
    } catch (thrown) {
      if (thrown instanceof SysError) throw this.#failed(label, thrown.message, thrown);
      throw thrown;
    }
  }

  /** One that has ended: its pid and wait status, which are then forgotten. pid 0: none has, -1: there are none. */
  wait(starter: Starter): { readonly pid: number; readonly code: number } {
    this.#collectFor(starter);
    const ended = this.#firstEnded(starter, () => true);
    if (ended) return this.#take(ended);
    const hasRunning = [...this.#running.values()].some((running) => isFor(running, starter));
    return { pid: hasRunning ? 0 : -1, code: 0 };
  }

  /** The same of one process: pid 0 while it runs. Throws PmdaRootError EPERM for any that is not one of ours. */
  waitFor(starter: Starter, pid: number): { readonly pid: number; readonly code: number } {
    this.#collect(pid);
    const ended = this.#firstEnded(starter, ({ row }) => row.pid === pid);
    if (ended) return this.#take(ended);
    const running = this.#running.get(pid);
    if (running && isFor(running, starter)) return { pid: 0, code: 0 };
    throw notOurs(pid);
  }

  /** SIGKILL. Throws PmdaRootError: EINVAL for what is no pid, EPERM for any that is not one of ours. */
  terminate(pid: number): void {
    if (pid <= 0) throw new PmdaRootError(STATUS.EINVAL, `${pid} is no process`, { target: String(pid) });
    this.#collect(pid);
    const running = this.#running.get(pid);
    if (running) running.pidfd.sendSignal(SIGNALS.SIGKILL);
    else if (![...this.#ended].some(({ row }) => row.pid === pid)) throw notOurs(pid);
  }

  /** Goes on with a process that an earlier run started: no child of ours, so its status is known only if the kernel keeps it. */
  adopt({ pidfd, row, starter }: AdoptedProcess): void {
    const giveUp = new AbortController();
    this.#running.set(row.pid, { row, pidfd, starter, isAdopted: true, unwatch: () => giveUp.abort() });
    this.#endOf(pidfd, giveUp.signal).then(
      (status) => {
        if (giveUp.signal.aborted) return;
        this.#remove(row.pid);
        this.#end({ row, starter }, status);
      },
      (thrown) => this.#options.log(`${row.label}: process ${row.pid} cannot be watched: ${thrown}`),
    );
  }

  /** One that had ended in an earlier run, and nobody was told how. */
  keepEnded(row: ProcessRow): void {
    if (row.status !== null) this.#ended.add({ row, status: row.status, starter: null });
  }

  /** The starter is gone: whoever asks next may learn how its processes ended. */
  release(starter: Starter): void {
    for (const process of [...this.#running.values(), ...this.#ended]) {
      if (process.starter === starter) process.starter = null;
    }
  }

  list(): ProcessRow[] {
    return [...this.#running.values(), ...this.#ended].map(({ row }) => row);
  }

  /** The processes run on. */
  [Symbol.dispose](): void {
    for (const { unwatch, pidfd } of this.#running.values()) {
      unwatch();
      pidfd.close();
    }
    this.#running.clear();
  }

  #start(
    starter: Starter,
    label: string,
    commandLine: string,
    argv: readonly string[],
    hasPipes: boolean,
  ): StartedProcess {
    using childEnds = new DisposableStack();
    using ownEnds = new DisposableStack();
    const input = hasPipes ? pipe() : null;
    if (input) {
      childEnds.use(input.read);
      ownEnds.use(input.write);
    }
    const output = hasPipes ? pipe() : null;
    if (output) {
      childEnds.use(output.write);
      ownEnds.use(output.read);
    }
    // Where what children say goes: our own standard error, which is another file after a turn of the log.
    const own = childEnds.use(duplicate(STANDARD_ERROR));
    const { variables: env, clock } = this.#options;
    const stdio = [input?.read ?? "null", output?.write ?? own, own] as const;
    const { procRoot = null } = this.#options;
    const { child, failure, startTicks } = startProgram({ argv, env, stdio, procRoot });
    const row: ProcessRow = {
      pid: child.pid,
      startTicks,
      label,
      commandLine,
      starter: { uid: starter.uid, pid: starter.pid },
      startedAtMs: clock.wallMs(),
      endedAtMs: null,
      status: null,
      isTold: false,
    };
    if (failure) {
      this.#options.log(`${label}: process ${child.pid} cannot run ${argv[0]}: ${failure.message}`);
      child[Symbol.dispose]();
      this.#end({ row, starter }, NOT_EXECUTED);
    } else {
      const { pidfd } = child;
      this.#giveWay(child.pid);
      this.#running.set(child.pid, { row, pidfd, unwatch: this.#watchEnd(pidfd), isAdopted: false, starter });
      this.#options.onChange?.(row);
    }
    ownEnds.move();
    const ends = input && output ? ([input.write, output.read] as const) : null;
    return { pid: child.pid, ends, failure: failure?.message ?? null };
  }

  /** Whoever starts and waits at once is told by the wait itself: only what runs on has a watch set up. */
  #watchEnd(pidfd: PidFd): () => void {
    let watch: Watch | null = null;
    const cancel = this.#options.clock.setTimer(WATCHED_AFTER_MS, () => {
      watch = watchKept(pidfd.fd, EPOLL.IN | EPOLL.ONESHOT, () => this.#collect(pidfd.pid));
    });
    return () => {
      cancel();
      watch?.[Symbol.dispose]();
    };
  }

  #collectFor(starter: Starter): void {
    for (const [pid, running] of this.#running) if (isFor(running, starter)) this.#collect(pid);
  }

  #collect(pid: number): void {
    const running = this.#running.get(pid);
    if (!running) return;
    const status = this.#statusOf(running);
    if (status === "running") return;
    this.#remove(pid);
    this.#end(running, status === "unknown" ? null : status);
  }

  #remove(pid: number): void {
    const running = this.#running.get(pid);
    running?.unwatch();
    running?.pidfd.close();
    this.#running.delete(pid);
  }

  /** Whose number is another's now has ended, and the word of it is only late: of one that was adopted, or collected elsewhere. */
  #giveWay(pid: number): void {
    const earlier = this.#running.get(pid);
    if (!earlier) return;
    const status = earlier.pidfd.exitStatus();
    this.#remove(pid);
    this.#end(earlier, status);
  }

  /** null: nobody knows. */
  async #endOf(pidfd: PidFd, signal: AbortSignal): Promise<number | null> {
    if (!(await pidfd.exited(signal))) return null;
    const impatience = new AbortController();
    const cancel = this.#options.clock.setTimer(COLLECTED_WITHIN_MS, () => impatience.abort());
    const status = await pidfd.reaped(AbortSignal.any([signal, impatience.signal]));
    cancel();
    return status;
  }

  /** unknown: something else in this process has collected the child, and the kernel keeps no status (before Linux 6.15). */
  #statusOf({ row, pidfd, isAdopted }: Running): number | "running" | "unknown" {
    try {
      return pidfd.reap() ?? "running";
    } catch (thrown) {
      if (!(thrown instanceof SysError && thrown.errnoName === "ECHILD")) throw thrown;
      const status = pidfd.exitStatus();
      // Its end is waited for elsewhere.
      if (status === null && isAdopted) return "running";
      if (status === null) this.#options.log(`${row.label}: nobody knows how process ${row.pid} ended`);
      return status ?? "unknown";
    }
  }

  #end({ row, starter }: Pick<Running, "row" | "starter">, status: number | null): void {
    const ended = { ...row, status, endedAtMs: this.#options.clock.wallMs() };
    if (status !== null) this.#ended.add({ row: ended, status, starter });
    this.#options.onChange?.(ended);
  }

  #firstEnded(starter: Starter, isMeant: (ended: Ended) => boolean): Ended | undefined {
    let orphan: Ended | undefined;
    for (const ended of this.#ended) {
      if (!isMeant(ended)) continue;
      if (ended.starter === starter) return ended;
      if (ended.starter === null) orphan ??= ended;
    }
    return orphan;
  }

  #take(ended: Ended): { readonly pid: number; readonly code: number } {
    this.#ended.delete(ended);
    this.#options.onChange?.({ ...ended.row, isTold: true });
    return { pid: ended.row.pid, code: ended.status };
  }

  #failed(label: string, reason: string, cause?: unknown): PmdaRootError {
    this.#options.log(`${label}: no process was started: ${reason}`);
    return new PmdaRootError(STATUS.GENERIC, `no process was started: ${reason}`, { target: label, cause });
  }
}

function isFor(process: { readonly starter: Starter | null }, starter: Starter): boolean {
  return process.starter === starter || process.starter === null;
}

function notOurs(pid: number): PmdaRootError {
  return new PmdaRootError(STATUS.EPERM, `process ${pid} was not started by this server, or its end was told already`, {
    target: String(pid),
  });
}
