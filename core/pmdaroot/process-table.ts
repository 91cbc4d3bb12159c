/**
 * The processes this server started: pmdaRootProcessStart, -Wait and -Terminate.
 *
 *     start -> running --- pidfd says it ended, or a wait asks ---> ended, with its status -> wait takes it
 *           (running-process.ts)                               (ended-processes.ts)
 */
import type { Clock } from "#core/model/clock.ts";
import type { PidFd } from "#ffi/pidfd.ts";
import { SIGNALS } from "#ffi/signals.ts";
import { SysError } from "#ffi/sys-error.ts";
import { IPC } from "./codec.ts";
import { EndedProcesses } from "./ended-processes.ts";
import { PmdaRootError } from "./error.ts";
import { isFor, type ProcessRow, type Starter } from "./process-row.ts";
import { type PipeEnds, type ProgramStart, splitArguments, startConnected } from "./program.ts";
import { type RunningProcess, statusOf, watchAdopted, watchEnd } from "./running-process.ts";
import { STATUS } from "./status.ts";

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
  readonly ends: PipeEnds | null;
  /** Why the program could not be executed; the process has ended then. */
  readonly failure: string | null;
}

export interface ToldEnd {
  readonly pid: number;
  readonly code: number;
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

/** What a program that could not be executed ends with: pmdaroot(1)'s child calls exit(1). */
const NOT_EXECUTED = 1 << 8;

export class ProcessTable implements Disposable {
  readonly #options: ProcessTableOptions;
  readonly #running = new Map<number, RunningProcess>();
  readonly #ended = new EndedProcesses();

  constructor({ variables, ...options }: ProcessTableOptions) {
    // Frozen, it is laid out for the kernel once (spawn-plan.ts).
    this.#options = { ...options, variables: Object.freeze({ ...variables }) };
  }

  /** Throws PmdaRootError PM_ERR_GENERIC when there can be no process. A program that cannot be run is one that has ended. */
  start(
    starter: Starter,
    label: string,
    commandLine: string,
    ipcType: number,
    cwd: string | null = null,
  ): StartedProcess {
    const argv = splitArguments(commandLine);
    if (argv.length === 0) throw this.#failed(label, "no program was named");
    try {
      return this.#start(starter, label, commandLine, { argv, cwd }, ipcType === IPC.PIPE);
    } catch (thrown) {
      if (thrown instanceof SysError) throw this.#failed(label, thrown.message, thrown);
      throw thrown;
    }
  }

  /** One that has ended: its pid and wait status, which are then forgotten. pid 0: none has, -1: there are none. */
  wait(starter: Starter): ToldEnd {
    for (const [pid, running] of this.#running) if (isFor(running, starter)) this.#collect(pid);
    const told = this.#take(starter, null);
    if (told) return told;
    const hasRunning = this.#running.values().some((running) => isFor(running, starter));
    return { pid: hasRunning ? 0 : -1, code: 0 };
  }

  /** The same of one process: pid 0 while it runs. Throws PmdaRootError EPERM for any that is not one of ours. */
  waitFor(starter: Starter, pid: number): ToldEnd {
    this.#collect(pid);
    const told = this.#take(starter, pid);
    if (told) return told;
    const running = this.#running.get(pid);
    if (running && isFor(running, starter)) return { pid: 0, code: 0 };
    throw notOurs(pid);
  }

  /** SIGKILL. Throws PmdaRootError: EINVAL for what is no pid, EPERM for any that is not one of ours; SysError. */
  terminate(pid: number): void {
    if (pid <= 0) throw new PmdaRootError(STATUS.EINVAL, `${pid} is no process`, { target: String(pid) });
    this.#collect(pid);
    const running = this.#running.get(pid);
    if (running) running.pidfd.sendSignal(SIGNALS.SIGKILL);
    else if (!this.#ended.has(pid)) throw notOurs(pid);
  }

  /** Goes on with a process that an earlier run started: no child of ours, so its status is known only if the kernel keeps it. */
  adopt({ pidfd, row, starter }: AdoptedProcess): void {
    const { clock, log } = this.#options;
    const onEnd = (status: number | null) => {
      this.#remove(row.pid);
      this.#end(running, status);
    };
    const onProblem = (why: unknown) => log(`${row.label}: process ${row.pid} cannot be watched: ${why}`);
    const unwatch = watchAdopted(pidfd, clock, { onEnd, onProblem });
    const running: RunningProcess = { row, pidfd, starter, isAdopted: true, unwatch };
    this.#running.set(row.pid, running);
  }

  /** One that had ended in an earlier run, and nobody was told how. */
  keepEnded(row: ProcessRow): void {
    if (row.status !== null) this.#ended.add({ row, status: row.status, starter: null });
  }

  /** The starter is gone: whoever asks next may learn how its processes ended. */
  release(starter: Starter): void {
    for (const running of this.#running.values()) if (running.starter === starter) running.starter = null;
    this.#ended.release(starter);
  }

  list(): ProcessRow[] {
    return [...this.#running.values().map(({ row }) => row), ...this.#ended.rows()];
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
    program: Pick<ProgramStart, "argv" | "cwd">,
    hasPipes: boolean,
  ): StartedProcess {
    const { variables: env, clock, procRoot = null, log, onChange } = this.#options;
    const { child, ends, failure, startTicks } = startConnected({ ...program, env, procRoot }, hasPipes);
    const { pid, pidfd } = child;
    const row: ProcessRow = {
      pid,
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
      log(`${label}: process ${pid} cannot run ${program.argv[0]}: ${failure.message}`);
      child[Symbol.dispose]();
      this.#end({ row, starter }, NOT_EXECUTED);
    } else {
      this.#giveWay(pid);
      const unwatch = watchEnd(pidfd, clock, () => this.#collect(pid));
      this.#running.set(pid, { row, pidfd, unwatch, isAdopted: false, starter });
      onChange?.(row);
    }
    return { pid, ends, failure: failure?.message ?? null };
  }

  #collect(pid: number): void {
    const running = this.#running.get(pid);
    if (!running) return;
    const status = statusOf(running);
    if (status === "running") return;
    const { label } = running.row;
    if (status === "unknown") this.#options.log(`${label}: nobody knows how process ${pid} ended`);
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

  #end({ row, starter }: Pick<RunningProcess, "row" | "starter">, status: number | null): void {
    const ended = { ...row, status, endedAtMs: this.#options.clock.wallMs() };
    if (status !== null) this.#ended.add({ row: ended, status, starter });
    this.#options.onChange?.(ended);
  }

  #take(starter: Starter, pid: number | null): ToldEnd | null {
    const ended = this.#ended.take(starter, pid);
    if (ended === null) return null;
    this.#options.onChange?.({ ...ended.row, isTold: true });
    return { pid: ended.row.pid, code: ended.status };
  }

  #failed(label: string, reason: string, cause?: unknown): PmdaRootError {
    this.#options.log(`${label}: no process was started: ${reason}`);
    return new PmdaRootError(STATUS.GENERIC, `no process was started: ${reason}`, { target: label, cause });
  }
}

function notOurs(pid: number): PmdaRootError {
  return new PmdaRootError(STATUS.EPERM, `process ${pid} was not started by this server, or its end was told already`, {
    target: String(pid),
  });
}
