/**
 * The processes this server started: pmdaRootProcessStart, -Wait and -Terminate. Each is held by its pidfd, so that nothing
 * else is ever signalled or waited for, and how it ended is kept until somebody has taken it.
 *
 *     start -> running --- pidfd says it ended, or a wait asks ---> ended, with its status -> wait takes it
 */
import type { Clock } from "#core/model/clock.ts";
import { duplicate, type Fd, pipe } from "#ffi/fd.ts";
import { EPOLL, type Watch, watchKept } from "#ffi/pump.ts";
import { SIGNALS } from "#ffi/signals.ts";
import type { Child } from "#ffi/spawn.ts";
import { SysError } from "#ffi/sys-error.ts";
import { IPC } from "./codec.ts";
import { PmdaRootError } from "./error.ts";
import { splitArguments, startProgram } from "./program.ts";
import { STATUS } from "./status.ts";

/** Whose a process is: it alone is told how the process ended, and everybody once it is gone. */
export type Starter = object;

export interface ProcessRow {
  readonly pid: number;
  readonly label: string;
  readonly commandLine: string;
  readonly startedAtMs: number;
  /** Wait status, wait(2); null while it runs. */
  readonly status: number | null;
}

export interface StartedProcess {
  readonly pid: number;
  /** The other end of its standard input and output, for the one who asked; null without pipes. */
  readonly ends: readonly [toChild: Fd, fromChild: Fd] | null;
}

export interface ProcessTableOptions {
  readonly variables: Readonly<Record<string, string>>;
  readonly clock: Clock;
  readonly log: (text: string) => void;
  readonly onChange?: (row: ProcessRow) => void;
}

interface Running {
  readonly row: ProcessRow;
  readonly child: Child;
  /** Ends the watch for its end. */
  readonly unwatch: () => void;
  starter: Starter | null;
}

interface Ended {
  readonly row: ProcessRow & { readonly status: number };
  starter: Starter | null;
}

/** What a program that could not be executed ends with: pmdaroot(1)'s child calls exit(1). */
const NOT_EXECUTED = 1 << 8;
const STANDARD_ERROR = 2;
const WATCHED_AFTER_MS = 20;

export class ProcessTable implements Disposable {
  readonly #options: ProcessTableOptions;
  /** Where what children say goes: our own standard error. */
  readonly #output: Fd;
  readonly #running = new Map<number, Running>();
  /** In the order in which they ended. A number may be there several times. */
  readonly #ended = new Set<Ended>();

  constructor(options: ProcessTableOptions) {
    this.#options = options;
    this.#output = duplicate(STANDARD_ERROR);
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
    if (running) running.child.pidfd.sendSignal(SIGNALS.SIGKILL);
    else if (![...this.#ended].some(({ row }) => row.pid === pid)) throw notOurs(pid);
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
    for (const { unwatch, child } of this.#running.values()) {
      unwatch();
      child[Symbol.dispose]();
    }
    this.#running.clear();
    this.#output.close();
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
    const { variables: env, clock } = this.#options;
    const stdio = [input?.read ?? "null", output?.write ?? this.#output, this.#output] as const;
    const { child, failure } = startProgram({ argv, env, stdio });
    const row: ProcessRow = { pid: child.pid, label, commandLine, startedAtMs: clock.wallMs(), status: null };
    if (failure) {
      this.#options.log(`${label}: process ${child.pid} cannot run ${argv[0]}: ${failure.message}`);
      child[Symbol.dispose]();
      this.#end({ row, starter }, NOT_EXECUTED);
    } else {
      this.#running.set(child.pid, { row, child, unwatch: this.#watchEnd(child), starter });
      this.#options.onChange?.(row);
    }
    ownEnds.move();
    return { pid: child.pid, ends: input && output ? [input.write, output.read] : null };
  }

  /** Whoever starts and waits at once is told by the wait itself: only what runs on has a watch set up. */
  #watchEnd(child: Child): () => void {
    let watch: Watch | null = null;
    const cancel = this.#options.clock.setTimer(WATCHED_AFTER_MS, () => {
      watch = watchKept(child.pidfd.fd, EPOLL.IN | EPOLL.ONESHOT, () => this.#collect(child.pid));
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
    running.unwatch();
    running.child[Symbol.dispose]();
    this.#running.delete(pid);
    if (status !== "unknown") this.#end(running, status);
  }

  /** unknown: something else in this process has collected the child, and the kernel keeps no status (before Linux 6.15). */
  #statusOf({ row, child }: Running): number | "running" | "unknown" {
    try {
      return child.pidfd.reap() ?? "running";
    } catch (thrown) {
      if (!(thrown instanceof SysError && thrown.errnoName === "ECHILD")) throw thrown;
      const status = child.pidfd.exitStatus();
      if (status === null) this.#options.log(`${row.label}: nobody knows how process ${row.pid} ended`);
      return status ?? "unknown";
    }
  }

  #end({ row, starter }: Pick<Running, "row" | "starter">, status: number): void {
    const ended = { row: { ...row, status }, starter };
    this.#ended.add(ended);
    this.#options.onChange?.(ended.row);
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
    return { pid: ended.row.pid, code: ended.row.status };
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
