/**
 * What a module of an operator's own is: the types its author may import (they are gone when it runs, so the file needs
 * nothing of muster). The guide is README.md of this room, an example fixtures/modules/execs-per-user.ts.
 *
 *     init   --> data of the process, or undefined: not attached          (pagg_hook.init, optional)
 *     attach --> data of the child, made from that of its parent          (pagg_hook.attach)
 *     exec   --> new data, or undefined: it stays as it is                (pagg_hook.exec, optional)
 *     detach     it has ended, or is let out                              (pagg_hook.detach, optional)
 */
import type { Json, RequestEffect } from "./request.ts";

export type { Json } from "./request.ts";

/**
 * A process: a thread group, never a thread. What is read of /proc is read when it is first asked for, and null if the process
 * was gone by then; a child has what was read of its parent until it executes a program.
 */
export interface PaggProcess {
  readonly pid: number;
  /** The process that forked it. */
  readonly parentPid: number;
  /** Clock ticks after the start of the machine: with the pid its identity. */
  readonly startTicks: string | null;
  /** At most 15 bytes. */
  readonly comm: string | null;
  readonly argv: readonly string[] | null;
  /** Real user id. */
  readonly uid: number | null;
  /** The user who logged in, whoever he has become since: proc_pid_loginuid(5). null if nobody did. */
  readonly loginUid: number | null;
}

export interface PaggEnd {
  /** It has ended; else it lives and was let out, or the module is being unloaded. */
  readonly isExited: boolean;
  /** Wait status as in waitpid(2); null if it lives, or if nobody saw how it ended. */
  readonly status: number | null;
}

/** The module's hold on its processes. */
export interface Pagg<Data> {
  /**
   * An error to be thrown: by `attach` and `init` to refuse a process, which is told to the operator and leaves it out; by a
   * request, to be told to who asked. Any other error is taken for a defect, and the module is unloaded.
   */
  fail(errno: string, message: string): Error;
  /** What is attached now. */
  processes(): IterableIterator<{ readonly process: PaggProcess; readonly data: Data }>;
  get(pid: number): Data | undefined;
  /** Replaces what is kept of an attached process; false if there is none. */
  set(pid: number, data: Data): boolean;
  /** Attaches a running process: pagg_alloc(). Rejects with ESRCH (gone), EINVAL (attached already). */
  attach(pid: number, data: Data): Promise<void>;
  /** Lets a process out: pagg_free(). The hook `detach` is not called. False if it was not attached. */
  detach(pid: number): boolean;
}

/** A request of paggctl(3). Its answer is JSON, or a promise of it. */
export interface PaggRequest<Data> {
  readonly number: number;
  /** What it does: `change` if it is not said. In read-only mode only `read` is let through. */
  readonly effect?: RequestEffect;
  /** Who may ask: `service`, that is root and the service's own user, if it is not said. */
  readonly need?: "anyone" | "service";
  answer(data: Json, pagg: Pagg<Data>): Json | undefined | Promise<Json | undefined>;
}

/** `Data` is what the module keeps of each process: anything but undefined, and seen by the module alone. */
export interface PaggModule<Data = Json> {
  /** At most 32 bytes, the first of A to z; without it the name of the file. */
  readonly name?: string;
  /** One line for lists. */
  readonly description?: string;
  init?(task: PaggProcess, pagg: Pagg<Data>): Data | undefined;
  attach(child: PaggProcess, parentData: Data, pagg: Pagg<Data>): Data | undefined;
  exec?(task: PaggProcess, data: Data, pagg: Pagg<Data>): Data | undefined;
  detach?(task: PaggProcess, data: Data, end: PaggEnd, pagg: Pagg<Data>): void;
  /** What is shown of the data, in a few words; without it, the data as JSON. */
  describe?(data: Data): string;
  readonly requests?: Readonly<Record<string, PaggRequest<Data>>>;
}
