/**
 * Starting a program with everything about it chosen: session, descriptors, umask, ids, directory, in this order.
 *
 *     spawnChild -> clone -> child (spawn.c): setsid, dup2, umask, ids, chdir -> [gate] -> execve
 *                     |                                                          ^           |
 *                     +-> Child: pid, pidfd ------------------- release() -------+           |
 *                           execed() <---- stage and errno: in our memory, or by a pipe -----+
 */
import { lazyC } from "./compile-c.ts";
import { ERRNO } from "./errno-names.ts";
import { Fd, pipe, readSome, writeAll } from "./fd.ts";
import { LONG } from "./libc.ts";
import { viewOf } from "./memory.ts";
import { PidFd } from "./pidfd.ts";
import { SIGNALS } from "./signals.ts";
import source from "./spawn.c" with { type: "text" };
import { layOutPlan, mayBorrow, openNull, type SpawnFailure, type SpawnOptions, stageName } from "./spawn-plan.ts";
import { SysError } from "./sys-error.ts";
import { collectChildBlocking } from "./wait-child.ts";

export type { SpawnOptions } from "./spawn-plan.ts";

const library = lazyC("spawn.c", source, { spawn_child: { args: ["ptr"], returns: LONG } });

const REPORT_LENGTH = 8;

/** Compiles what a start needs, for whoever must make the first one as fast as the others. */
export function prepareSpawn(): void {
  library();
}

/**
 * Starts the program. Without `gate` it returns once execve has succeeded, and throws the SysError of the stage that
 * failed (`call`: "chdir", "execve", ...; `subject`: the file or directory) after collecting the child. With `gate`
 * it returns at once: release(), then execed().
 */
export function spawnChild(options: SpawnOptions): Child {
  const child = beginSpawn(options);
  if (options.gate) return child;
  try {
    child.execed();
    return child;
  } catch (error) {
    child[Symbol.dispose]();
    throw error;
  }
}

/** For whoever wants the pid of a child that could not execute, too: the same, but `execed` is left to the caller. */
export function beginSpawn(options: SpawnOptions): Child {
  using ends = new DisposableStack();
  using parentEnds = new DisposableStack();
  const status = mayBorrow(options) ? null : pipe();
  if (status !== null) {
    ends.use(status.write);
    parentEnds.use(status.read);
  }
  const gate = options.gate ? pipe() : null;
  if (gate !== null) {
    ends.use(gate.read);
    parentEnds.use(gate.write);
  }
  const nullFd = ends.use(openNull(options));
  const plan = layOutPlan(options, status?.write.number ?? null, gate?.read.number ?? null, nullFd);
  const pid = Number(library().spawn_child(plan.memory));
  if (pid < 0) throw new SysError(-pid, "clone", options.file);
  parentEnds.move();
  const pidfd = PidFd.adopt(Fd.adopt(plan.pidfd(), `pid ${pid}`), pid);
  return new Child(pidfd, status?.read ?? plan.failure(), gate === null ? null : gate.write, options);
}

/** Our own child. Once it has exited it must be collected with `pidfd.reap()`, else it stays a zombie. */
export class Child implements Disposable {
  readonly pidfd: PidFd;
  /** The pipe on which it will be told, or what is known already: why it failed, null if it did not. */
  #outcome: Fd | SpawnFailure | null;
  readonly #gate: Fd | null;
  readonly #file: string;
  readonly #cwd: string | undefined;

  constructor(
    pidfd: PidFd,
    outcome: Fd | SpawnFailure | null,
    gate: Fd | null,
    options: Pick<SpawnOptions, "file" | "cwd">,
  ) {
    this.pidfd = pidfd;
    this.#outcome = outcome;
    this.#gate = gate;
    this.#file = options.file;
    this.#cwd = options.cwd;
  }

  get pid(): number {
    return this.pidfd.pid;
  }

  /** Lets a gated child go on to execve. Does nothing the second time, or without a gate. */
  release(): void {
    if (this.#gate === null || this.#gate.isClosed) return;
    try {
      writeAll(this.#gate, new Uint8Array(1));
    } catch (error) {
      // It failed before the gate: execed() tells where.
      if (!(error instanceof SysError && error.errno === ERRNO.EPIPE)) throw error;
    } finally {
      this.#gate.close();
    }
  }

  /**
   * Blocks until execve has succeeded; a child that was killed before that also counts as started, and its wait
   * status says so. Throws the SysError of the stage that failed; the child is then collected. SysError EDEADLK
   * before `release`.
   */
  execed(): void {
    const outcome = this.#outcome;
    if (outcome === null) return;
    if (this.#isWaiting) throw new SysError(ERRNO.EDEADLK, "execed before release", this.#file);
    this.#outcome = null;
    const failure = outcome instanceof Fd ? readOutcome(outcome) : outcome;
    if (failure === null) return;
    collectChildBlocking(this.pidfd.fd);
    const { stage, errno } = failure;
    throw new SysError(errno, stage, stage === "chdir" ? (this.#cwd ?? this.#file) : this.#file);
  }

  /** Closes the descriptors; the program runs on. A child still at its gate never executes and is collected. */
  [Symbol.dispose](): void {
    const isWaiting = this.#isWaiting;
    this.#gate?.close();
    if (this.#outcome instanceof Fd) this.#outcome.close();
    if (isWaiting && !this.pidfd.isClosed) {
      // It would end by itself at the closed gate; the signal is for one that hangs before it, in chdir.
      this.pidfd.sendSignal(SIGNALS.SIGKILL);
      collectChildBlocking(this.pidfd.fd);
    }
    this.pidfd.close();
  }

  get #isWaiting(): boolean {
    return this.#gate !== null && !this.#gate.isClosed;
  }
}

/** Blocks until the child has executed, failed or ended. */
function readOutcome(status: Fd): SpawnFailure | null {
  using pipe = status;
  const report = readSome(pipe, REPORT_LENGTH);
  if (report.length < REPORT_LENGTH) return null;
  const view = viewOf(report);
  return { stage: stageName(view.getInt32(0, true)), errno: view.getInt32(4, true) };
}
