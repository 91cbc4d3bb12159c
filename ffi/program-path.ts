/** Where a program is, looked for along PATH as execvp(3) does: execve(2) does not. */
import { accessSync, constants, statSync } from "node:fs";
import { resolve } from "node:path";

const DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** A name with a slash is a path, whatever is there; null if there is no such program. */
export function findProgram(name: string, path = DEFAULT_PATH): string | null {
  if (name.includes("/")) return resolve(name);
  return placesOf(name, path).find(isProgram) ?? null;
}

export const placesOf = (name: string, path = DEFAULT_PATH): readonly string[] =>
  path.split(":").map((directory) => resolve(directory === "" ? "." : directory, name));

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}
