/**
 * The file of a module: what it holds, if nobody but root and the service's user could have written it. Each component of the
 * path is opened from the one before it and looked at through its descriptor, so what was checked is what is read.
 *
 *     / -> etc -> muster -> modules -> sessions.ts     O_NOFOLLOW; root's or ours; not writable by group or others
 */
import { readdirSync } from "node:fs";
import { basename, dirname, join, normalize } from "node:path";
import { type Fd, OPEN, openFd, readAt, statFd } from "#ffi/fd.ts";
import { SysError } from "#ffi/sys-error.ts";
import { paggError } from "./errors.ts";
import { SOURCE_LIMIT } from "./host/messages.ts";
import type { AvailableModule } from "./modules.ts";
import { checkModuleName } from "./names.ts";

const FILE_NAME = /\.m?[jt]s$/;
const OTHERS_WRITE = 0o022;
const STICKY = 0o1000;

export interface ModulePlaces {
  readonly directories: readonly string[];
  /** The service's user. */
  readonly uid: number;
}

/** `/etc/muster/modules/sessions.ts` -> `sessions`: what it is called if it does not name itself. */
export function nameOfFile(path: string): string {
  return basename(path).replace(FILE_NAME, "");
}

/**
 * The path of a module given by path or by name. Throws ENOENT (no such file in the directories), EACCES (a path outside of
 * them), EINVAL (not a TypeScript or JavaScript file, not absolute).
 */
export function findModuleFile(pathOrName: string, { directories }: ModulePlaces): string {
  const where = directories.length === 0 ? "none is configured: see [pagg] modules" : directories.join(", ");
  if (!pathOrName.includes("/")) {
    const found = listFiles(directories).find((path) => [nameOfFile(path), basename(path)].includes(pathOrName));
    if (found !== undefined) return found;
    throw paggError("ENOENT", `there is no file of a module ${pathOrName}`, {
      target: pathOrName,
      hint: `looked for in the directories of the configuration: ${where}`,
    });
  }
  if (!pathOrName.startsWith("/")) {
    throw paggError("EINVAL", `${pathOrName} is no absolute path`, { target: pathOrName, hint: "give the whole path" });
  }
  const path = normalize(pathOrName);
  if (!directories.some((directory) => normalize(join(directory, "/")) === join(dirname(path), "/"))) {
    throw paggError("EACCES", `${path} is in no directory of the configuration`, {
      target: path,
      hint: `modules are loaded from these alone: ${where}`,
    });
  }
  if (!FILE_NAME.test(path)) {
    throw paggError("EINVAL", `${path} is no TypeScript or JavaScript file`, {
      target: path,
      hint: "it ends in .ts or .js",
    });
  }
  return path;
}

/** The text of the file. Throws EACCES (who could have written it; a symbolic link), ENOENT, ENOEXEC (no text, too long). */
export function readModuleFile(path: string, uid: number): string {
  using file = openChecked(path, uid);
  const bytes = readAt(file, SOURCE_LIMIT + 1, 0);
  if (bytes.length > SOURCE_LIMIT) {
    throw paggError("ENOEXEC", `${path} has more than ${SOURCE_LIMIT} bytes`, { target: path });
  }
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw paggError("ENOEXEC", `${path} is no UTF-8 text`, { target: path });
  }
}

/** What is in the directories, in their order and by name; a directory that cannot be read has nothing. */
export function availableModules({ directories, uid }: ModulePlaces): AvailableModule[] {
  return listFiles(directories).map((path) => {
    const name = nameOfFile(path);
    try {
      checkModuleName(name);
      openChecked(path, uid).close();
      return { name, path, problem: null };
    } catch (thrown) {
      return { name, path, problem: thrown instanceof Error ? thrown.message : String(thrown) };
    }
  });
}

function listFiles(directories: readonly string[]): string[] {
  return directories.flatMap((directory) => {
    try {
      const names = readdirSync(directory).filter((name) => FILE_NAME.test(name) && !name.endsWith(".d.ts"));
      return names.sort().map((name) => join(directory, name));
    } catch {
      return [];
    }
  });
}

function openChecked(path: string, uid: number): Fd {
  const parts = path.split("/").slice(1);
  let at = openFd("/", OPEN.PATH | OPEN.DIRECTORY);
  let walked = "";
  try {
    for (const [index, part] of parts.entries()) {
      const isLast = index === parts.length - 1;
      walked += `/${part}`;
      const next = openPart(at, part, walked, isLast);
      at.close();
      at = next;
      checkOwner(at, walked, uid, isLast);
    }
    return at;
  } catch (thrown) {
    at.close();
    throw thrown;
  }
}

/** openat(2), by way of the descriptor's own name. */
function openPart(directory: Fd, part: string, walked: string, isLast: boolean): Fd {
  const flags = isLast ? OPEN.READ_ONLY | OPEN.NONBLOCK | OPEN.NOCTTY : OPEN.PATH | OPEN.DIRECTORY;
  try {
    return openFd(`/proc/self/fd/${directory.number}/${part}`, flags | OPEN.NOFOLLOW);
  } catch (thrown) {
    if (!(thrown instanceof SysError)) throw thrown;
    const { errnoName } = thrown;
    if (errnoName === "ELOOP" || (errnoName === "ENOTDIR" && !isLast)) {
      throw paggError("EACCES", `${walked} is a symbolic link${isLast ? "" : " or no directory"}`, {
        target: walked,
        hint: "give the path it leads to: what a link leads to can be changed after it was looked at",
        cause: thrown,
      });
    }
    const errno =
      errnoName === "EACCES" || errnoName === "EPERM" ? "EACCES" : errnoName === "ENOENT" ? "ENOENT" : "EIO";
    throw paggError(errno, `${walked} cannot be opened: ${errnoName}`, { target: walked, cause: thrown });
  }
}

function checkOwner(fd: Fd, path: string, uid: number, isLast: boolean): void {
  const status = statFd(fd);
  if (isLast && !status.isFile) throw paggError("EACCES", `${path} is no regular file`, { target: path });
  if (status.uid !== 0 && status.uid !== uid) {
    const users = uid === 0 ? "root" : `root or uid ${uid}`;
    throw paggError("EACCES", `${path} belongs to uid ${status.uid}`, {
      target: path,
      hint: `modules, and all directories above them, belong to ${users}`,
    });
  }
  if ((status.mode & OTHERS_WRITE) !== 0) {
    const octal = (status.mode & 0o7777).toString(8).padStart(4, "0");
    throw paggError("EACCES", `${path} can be written by others than its owner (mode ${octal})`, {
      target: path,
      // Where everybody is meant to write, as in /tmp, nobody can without it.
      hint:
        (status.mode & STICKY) !== 0
          ? "keep modules below directories that only their owner may write, such as /etc/muster/modules"
          : `take the right away: chmod go-w ${path}`,
    });
  }
}
