/**
 * Registering from within a program: _PSM_REGSELF of cfg.h. The way to whoever keeps the set is passed in.
 *
 * After a fork the child registers, not the parent: the entry is of the process that calls. After an exec the entry is the
 * same process, with the argv of before; a program that is to be registered with its own argv is started with runMember.
 */
import { resolve } from "node:path";
import { type RunningProgram, spawnAdmitted } from "#ffi/spawn-admitted.ts";
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

/**
 * Starts a program that is registered before its first instruction: the child waits in front of execve until the set has it,
 * under the argv it is about to have. Rejects with what `register` says, and with the SysError of an execve that fails; then
 * nothing was started, and nothing stays registered.
 */
export async function runMember(options: RunOptions): Promise<RunningProgram> {
  const { category, file, argv, env, isDetached } = options;
  checkCategory(category);
  const standard = isDetached ? "null" : "inherit";
  return spawnAdmitted({
    file: resolve(file),
    argv,
    env,
    stdio: [standard, standard, standard],
    newSession: isDetached,
    admit: (pid) => options.register(category, pid, argv.join(" ")),
    expel: (pid) => options.unregister(category, pid),
  });
}
