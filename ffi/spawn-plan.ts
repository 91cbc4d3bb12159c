/** What the child side of a spawn (spawn.c) is told, as memory: checked here, so that C need not. */
import { ERRNO } from "./errno-names.ts";
import { type Fd, OPEN, openFd } from "./fd.ts";
import { addressOf, cString, kernelBytes, MAXIMUM_UINT, viewOf } from "./memory.ts";
import { checkInteger, SysError } from "./sys-error.ts";

export type StandardDescriptor = Fd | "null" | "inherit";

export interface SpawnOptions {
  /** Absolute path; no search, no shell: execve(2). */
  readonly file: string;
  /** All of it: `argv[0]` is the name the program sees. */
  readonly argv: readonly string[];
  /** The whole environment; nothing is inherited. */
  readonly env: Readonly<Record<string, string>>;
  /** Entered as the new user. */
  readonly cwd?: string;
  /** setsid(2): a session and process group of its own, no controlling terminal. */
  readonly newSession?: boolean;
  /** Permission bits to withhold, 0 to 0o777. */
  readonly umask?: number;
  /** Real, effective and saved ids; `groups` are all supplementary groups. */
  readonly credentials?: { readonly uid: number; readonly gid: number; readonly groups: readonly number[] };
  readonly stdio: readonly [StandardDescriptor, StandardDescriptor, StandardDescriptor];
  /** Descriptors the program gets under the number `as` (3 to 65535). Everything else is closed. */
  readonly inherit?: readonly { readonly fd: Fd; readonly as: number }[];
  /** The child does everything but execve, then waits for `release`. */
  readonly gate?: boolean;
}

/** By the numbers of `enum stage` in spawn.c. */
const STAGES = ["setsid", "dup2", "setgroups", "setgid", "setuid", "chdir", "gate", "execve"] as const;

/** clone, setgroups, setresgid, setresuid, close_range */
const CALL_NUMBERS = process.arch === "arm64" ? [220, 159, 149, 147, 436] : [56, 116, 119, 117, 436];

const HIGHEST_TARGET = 65535;
const DESCRIPTOR_LIMIT = 65536;
const MOST_GROUPS = 65536;
const PIDFD_INDEX = 22;
const FAILED_STAGE_INDEX = 23;
const FAILURE_INDEX = 24;
const NONE = -1;

export interface SpawnPlan {
  readonly memory: Uint8Array<ArrayBuffer>;
  /** Everything `memory` points to; referenced until the call is over. */
  readonly keep: readonly unknown[];
  pidfd(): number;
  /** Of a child that reports in the plan. */
  failure(): SpawnFailure | null;
}

export interface SpawnFailure {
  readonly stage: string;
  readonly errno: number;
}

/**
 * Whether the child may borrow our memory until it executes, with us standing still: not one that waits at its gate, nor one that
 * becomes another user (spawn.c).
 */
export function mayBorrow({ gate = false, credentials }: SpawnOptions): boolean {
  return !gate && credentials === undefined;
}

/** `stage` by its number in spawn.c. */
export function stageName(stage: number): string {
  return STAGES[stage] ?? "spawn";
}

/**
 * Lays out `struct plan`. `status` and `gate` are descriptor numbers of the child's ends; without `status` it borrows our memory
 * and reports there. `nullFd` is /dev/null, if it is wanted.
 */
export function layOutPlan(
  options: SpawnOptions,
  status: number | null,
  gate: number | null,
  nullFd: Fd | null,
): SpawnPlan {
  const keep: unknown[] = [];
  const place = (bytes: Uint8Array<ArrayBuffer>): number => {
    keep.push(bytes);
    return addressOf(bytes);
  };
  const text = (value: string) => place(cString(value, "spawn"));
  const environment = environmentOf(options.env);
  keep.push(environment);
  const mappings = descriptorMappings(options, nullFd);
  const groups = checkGroups(options.credentials?.groups ?? []);
  const memory = words([
    text(checkFile(options.file)),
    place(words([...options.argv.map(text), 0])),
    addressOf(environment.list),
    options.cwd === undefined ? 0 : text(options.cwd),
    options.newSession ? 1 : 0,
    options.umask === undefined ? NONE : checkInteger(options.umask, 0, 0o777, "spawn", "umask"),
    options.credentials === undefined ? 0 : 1,
    options.credentials === undefined ? 0 : checkId(options.credentials.uid, "uid"),
    options.credentials === undefined ? 0 : checkId(options.credentials.gid, "gid"),
    groups.length,
    place(numbers(groups)),
    mappings.length,
    place(numbers(mappings.flat())),
    Math.max(...mappings.map(([, target]) => target)) + 1,
    status ?? NONE,
    gate ?? NONE,
    DESCRIPTOR_LIMIT,
    ...CALL_NUMBERS,
    NONE,
    0,
    0,
  ]);
  const out = (index: number) => viewOf(memory).getInt32(index * 8, true);
  const failure = () =>
    out(FAILURE_INDEX) === 0 ? null : { stage: stageName(out(FAILED_STAGE_INDEX)), errno: out(FAILURE_INDEX) };
  return { memory, keep, pidfd: () => out(PIDFD_INDEX), failure };
}

interface Environment {
  readonly list: Uint8Array<ArrayBuffer>;
  /** What the list points to. */
  readonly lines: readonly Uint8Array[];
}

/** Of those that cannot change any more. */
const environments = new WeakMap<SpawnOptions["env"], Environment>();

function environmentOf(env: SpawnOptions["env"]): Environment {
  const known = environments.get(env);
  if (known) return known;
  const lines = environmentLines(env).map((line) => cString(line, "spawn"));
  const environment = { lines, list: words([...lines.map(addressOf), 0]) };
  if (Object.isFrozen(env)) environments.set(env, environment);
  return environment;
}

/** 64-bit members, pointers among them. */
function words(values: readonly number[]): Uint8Array<ArrayBuffer> {
  const bytes = kernelBytes(values.length * 8);
  const view = viewOf(bytes);
  for (const [index, value] of values.entries()) view.setBigInt64(index * 8, BigInt(value), true);
  return bytes;
}

/** 32-bit members; never empty, since no bytes have no address. */
function numbers(values: readonly number[]): Uint8Array<ArrayBuffer> {
  const bytes = kernelBytes(Math.max(4, values.length * 4));
  const view = viewOf(bytes);
  for (const [index, value] of values.entries()) view.setUint32(index * 4, value, true);
  return bytes;
}

/** [source, target] of each descriptor the program gets. */
function descriptorMappings(options: SpawnOptions, nullFd: Fd | null): [number, number][] {
  if (options.stdio.length !== 3) throw new SysError(ERRNO.EINVAL, "spawn", "stdio");
  const standard = options.stdio.map((from, target): [number, number] => {
    if (from === "inherit") return [target, target];
    const source = from === "null" ? nullFd : from;
    if (source === null) throw new SysError(ERRNO.EBADF, "spawn", "/dev/null");
    return [source.number, target];
  });
  const further = (options.inherit ?? []).map(({ fd, as }): [number, number] => {
    return [fd.number, checkInteger(as, 3, HIGHEST_TARGET, "spawn", "descriptor")];
  });
  const mappings = [...standard, ...further];
  if (new Set(mappings.map(([, target]) => target)).size < mappings.length) {
    throw new SysError(ERRNO.EINVAL, "spawn", "one descriptor number given twice");
  }
  return mappings;
}

/** null where the program does not want it. */
export function openNull({ stdio }: Pick<SpawnOptions, "stdio">): Fd | null {
  return stdio.includes("null") ? openFd("/dev/null", OPEN.READ_WRITE) : null;
}

function checkFile(file: string): string {
  if (typeof file === "string" && file.startsWith("/")) return file;
  throw new SysError(ERRNO.EINVAL, "spawn", `not an absolute path: ${file}`);
}

function environmentLines(env: Readonly<Record<string, string>>): string[] {
  return Object.entries(env).map(([name, value]) => {
    if (name === "" || name.includes("=")) throw new SysError(ERRNO.EINVAL, "spawn", `environment name "${name}"`);
    return `${name}=${value}`;
  });
}

function checkGroups(groups: readonly number[]): readonly number[] {
  if (groups.length > MOST_GROUPS) throw new SysError(ERRNO.EINVAL, "spawn", `${groups.length} groups`);
  return groups.map((group) => checkId(group, "group"));
}

/** (uid_t) -1 would mean "leave as it is", and the program would keep running as the caller. */
function checkId(id: number, what: string): number {
  return checkInteger(id, 0, MAXIMUM_UINT - 1, "spawn", what);
}
