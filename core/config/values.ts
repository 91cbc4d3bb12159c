/** What a value in the configuration may be. Each function gives the value in its own type or throws a Mistake. */
import { signalNumber } from "#ffi/signals.ts";

/** Why a value cannot be taken; becomes a ConfigProblem with file and line. */
export class Mistake extends Error {
  override readonly name = "Mistake";
}

export function text(value: unknown): string {
  if (typeof value !== "string") throw new Mistake(`must be a string, not ${nameOfType(value)}`);
  if (value.includes("\0")) throw new Mistake("holds a NUL character");
  return value;
}

export function nonEmptyText(value: unknown): string {
  const given = text(value);
  if (given === "") throw new Mistake("is empty");
  return given;
}

/** One that can be shown as it is. */
export function plainText(value: unknown): string {
  const given = nonEmptyText(value);
  if (/\p{Cc}/u.test(given)) throw new Mistake("holds a control character");
  return given;
}

export function absolutePath(value: unknown): string {
  const path = nonEmptyText(value);
  if (!path.startsWith("/")) throw new Mistake(`must be an absolute path, not '${path}'`);
  return path;
}

/** sun_path of unix(7) holds 108 bytes with the NUL. */
const LONGEST_SOCKET_PATH = 107;

export function socketPath(value: unknown): string {
  const path = absolutePath(value);
  const length = Buffer.byteLength(path);
  if (length > LONGEST_SOCKET_PATH) {
    throw new Mistake(`is ${length} bytes long: the path of a socket has at most ${LONGEST_SOCKET_PATH}`);
  }
  return path;
}

/** A directory below the mount of cgroup v2: `/muster/jobs`. */
export function cgroupPath(value: unknown): string {
  const path = absolutePath(value);
  if (path.split("/").some((part) => part === "." || part === "..")) throw new Mistake("must not hold '.' or '..'");
  const plain = path.replace(/\/+/g, "/").replace(/\/$/, "");
  if (plain === "") throw new Mistake("must not be the root of all control groups");
  return plain;
}

export function boolean(value: unknown): boolean {
  if (typeof value !== "boolean") throw new Mistake(`must be true or false, not ${nameOfType(value)}`);
  return value;
}

export function choice<T extends string>(value: unknown, choices: readonly T[]): T {
  const given = text(value);
  const chosen = choices.find((each) => each === given);
  if (chosen !== undefined) return chosen;
  throw new Mistake(`must be ${choices.map((each) => `"${each}"`).join(" or ")}, not '${given}'`);
}

/** A whole number from 0. */
export function count(value: unknown, highest = Number.MAX_SAFE_INTEGER): number {
  if (typeof value !== "number" && typeof value !== "bigint") {
    throw new Mistake(`must be a number, not ${nameOfType(value)}`);
  }
  const number = Number(value);
  if (Number.isSafeInteger(number) && number >= 0 && number <= highest) return number;
  throw new Mistake(`must be a whole number from 0 to ${highest}, not ${value}`);
}

export function list<T>(value: unknown, element: (value: unknown) => T): readonly T[] {
  if (!Array.isArray(value)) throw new Mistake(`must be a list, not ${nameOfType(value)}`);
  return value.map((each, index) => {
    try {
      return element(each);
    } catch (thrown) {
      throw thrown instanceof Mistake ? new Mistake(`element ${index + 1} ${thrown.message}`) : thrown;
    }
  });
}

export function command(value: unknown): readonly string[] {
  const words = list(value, text);
  if (words[0] === undefined) throw new Mistake("is empty: the first element is the program");
  if (!words[0].startsWith("/")) throw new Mistake(`must begin with an absolute path, not '${words[0]}'`);
  return words;
}

export function signal(value: unknown): number {
  if (typeof value !== "string" && typeof value !== "number") {
    throw new Mistake(`must be a signal's name or number, not ${nameOfType(value)}`);
  }
  const number = signalNumber(String(value));
  if (number === null) throw new Mistake(`is not a signal: '${value}'`);
  return number;
}

const LONGEST_SECONDS = 86_400;

export function seconds(value: unknown): number {
  if (typeof value !== "number") throw new Mistake(`must be a number of seconds, not ${nameOfType(value)}`);
  if (!(value > 0 && value <= LONGEST_SECONDS)) {
    throw new Mistake(`must be more than 0 and at most ${LONGEST_SECONDS} seconds, not ${value}`);
  }
  return value;
}

/** A name, or `#id`. */
export function account(value: unknown): string {
  if (typeof value === "number") throw new Mistake(`must be a string: write "#${value}" for an id`);
  const name = nonEmptyText(value);
  if (name.startsWith("#") && !/^#\d{1,10}$/.test(name)) throw new Mistake(`is not a name or "#id": '${name}'`);
  return name;
}

function nameOfType(value: unknown): string {
  if (Array.isArray(value)) return "a list";
  if (value instanceof Date) return "a date";
  if (value === undefined) return "a table";
  return typeof value === "object" ? "a table" : `a ${typeof value}`;
}
