/**
 * Registering from within a program: _PSM_REGSELF of cfg.h. The way to whoever keeps the set is passed in.
 *
 * After a fork the child registers, not the parent: the entry is of the process that calls. After an exec the entry is the
 * same process, with the argv of before; a program that is to be registered with its own argv is started with runMember.
 */
import { resolve } from "node:path";
import { spawnChild } from "#ffi/spawn.ts";
import { categoryOfIndex, checkCategory } from "./names.ts";

/** cfg_psm_memadd(MYNODE, category, pid). `argv`: what the process will have; null: what it has. */
export type Register = (category: string, pid: number, argv: string | null) => Promise<void>;

/** By name, or by _PSM_CAT_* index; an index that is none registers under `_unknown_`. Rejects as `register` does. */
export async function regself(category: string | number, register: Register): Promise<void> {
  const name = typeof category === "number" ? categoryOfIndex(category) : checkCategory(category);
  await register(name, process.pid, null);
}

export interface RunOptions {
  readonly category: string;
  /** Path of the program; a relative one counts from the working directory. */
  readonly file: string;
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly register: Register;
  /** Takes the entry back of a program that could not be executed. */
  readonly unregister: (category: string, pid: number) => Promise<void>;
  /** In a session of its own, without our standard input, output and error: it goes on when we end. */
  readonly isDetached: boolean;
}

export interface RunningMember {
  readonly pid: number;
  /** False when it is gone. */
  signal(number: number): boolean;
  /** Its wait status. It is our child, and collected here. */
  ended(): Promise<number>;
}

/**
 * Starts a program that is registered before its first instruction: the child waits in front of execve until the set has it,
 * under the argv it is about to have. Rejects with what `register` says, and with the SysError of an execve that fails; then
 * nothing was started, and nothing stays registered.
 */
export async function runMember(options: RunOptions): Promise<RunningMember> {
  const { category, file, argv, env, isDetached } = options;
  checkCategory(category);
  const standard = isDetached ? "null" : "inherit";
  const child = spawnChild({
    file: resolve(file),
    argv,
    env,
    stdio: [standard, standard, standard],
    newSession: isDetached,
    gate: true,
  });
  try {
    await options.register(category, child.pid, argv.join(" "));
    child.release();
  } catch (thrown) {
    child[Symbol.dispose]();
    throw thrown;
  }
  try {
    child.execed();
  } catch (thrown) {
    const { pid } = child;
    child[Symbol.dispose]();
    await options.unregister(category, pid);
    throw thrown;
  }
  return {
    pid: child.pid,
    signal: (number) => child.pidfd.sendSignal(number),
    ended: async () => {
      await child.pidfd.exited();
      const status = child.pidfd.reap();
      child[Symbol.dispose]();
      return status ?? 0;
    },
  };
}
