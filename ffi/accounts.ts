/** Users and groups by name or number, through whatever sources nsswitch.conf names: getpwnam_r(3), getgrnam_r(3). */
import { ERRNO } from "./errno-names.ts";
import { lazyLibc, SIZE } from "./libc.ts";
import { addressOf, cString, kernelBytes, MAXIMUM_UINT, textAt, viewOf } from "./memory.ts";
import { checkInteger, SysError } from "./sys-error.ts";

export interface UserAccount {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  readonly home: string;
}

export interface GroupAccount {
  readonly name: string;
  readonly gid: number;
}

const accounts = lazyLibc({
  getpwnam_r: { args: ["ptr", "ptr", "ptr", SIZE, "ptr"], returns: "i32" },
  getpwuid_r: { args: ["u32", "ptr", "ptr", SIZE, "ptr"], returns: "i32" },
  getgrnam_r: { args: ["ptr", "ptr", "ptr", SIZE, "ptr"], returns: "i32" },
  getgrgid_r: { args: ["u32", "ptr", "ptr", SIZE, "ptr"], returns: "i32" },
  getgrouplist: { args: ["ptr", "u32", "ptr", "ptr"], returns: "i32" },
});

const FIRST_LENGTH = 4096;
/** A group of a hundred thousand members fits; what asks for more is broken. */
const LONGEST = 1 << 24;
/** NGROUPS_MAX of the kernel. */
const MOST_GROUPS = 65536;

/** The manual page lists these as ways to say "not found". */
const NOT_FOUND: ReadonlySet<number> = new Set([0, ERRNO.ENOENT, ERRNO.ESRCH, ERRNO.EBADF, ERRNO.EPERM]);

type Record = Uint8Array<ArrayBuffer>;

export function lookupUser(nameOrUid: string | number): UserAccount | null {
  const call = typeof nameOrUid === "number" ? "getpwuid_r" : "getpwnam_r";
  const key = typeof nameOrUid === "number" ? checkId(nameOrUid, call, "uid") : cString(nameOrUid, call);
  const found = look(call, String(nameOrUid), (record, buffer, result) =>
    typeof key === "number"
      ? accounts().getpwuid_r(key, record, buffer, buffer.length, result)
      : accounts().getpwnam_r(key, record, buffer, buffer.length, result),
  );
  if (found === null) return null;
  // struct passwd: name at 0, uid at 16, gid at 20, home at 32.
  const view = viewOf(found.record);
  return {
    name: found.text(0),
    uid: view.getUint32(16, true),
    gid: view.getUint32(20, true),
    home: found.text(32),
  };
}

/** Names that are asked for again and again: each is looked up once. */
export class UserNames {
  readonly #names = new Map<number, string | null>();

  /** null if nobody has this id. */
  of(uid: number): string | null {
    let name = this.#names.get(uid);
    if (name === undefined) {
      name = lookupUser(uid)?.name ?? null;
      this.#names.set(uid, name);
    }
    return name;
  }
}

export function lookupGroup(nameOrGid: string | number): GroupAccount | null {
  const call = typeof nameOrGid === "number" ? "getgrgid_r" : "getgrnam_r";
  const key = typeof nameOrGid === "number" ? checkId(nameOrGid, call, "gid") : cString(nameOrGid, call);
  const found = look(call, String(nameOrGid), (record, buffer, result) =>
    typeof key === "number"
      ? accounts().getgrgid_r(key, record, buffer, buffer.length, result)
      : accounts().getgrnam_r(key, record, buffer, buffer.length, result),
  );
  // struct group: name at 0, gid at 16.
  return found === null ? null : { name: found.text(0), gid: viewOf(found.record).getUint32(16, true) };
}

interface Found {
  readonly record: Record;
  /** The string the pointer at `offset` of the record leads to; it lies in the buffer the call was given. */
  text(offset: number): string;
}

function look(
  call: string,
  subject: string,
  fill: (record: Record, buffer: Record, result: Record) => number,
): Found | null {
  for (let length = FIRST_LENGTH; length <= LONGEST; length *= 4) {
    const record = kernelBytes(64);
    const buffer = kernelBytes(length);
    const result = kernelBytes(8);
    const failure = fill(record, buffer, result);
    if (failure === ERRNO.ERANGE) continue;
    if (failure === ERRNO.EINTR) return look(call, subject, fill);
    if (viewOf(result).getBigUint64(0, true) !== 0n) {
      return { record, text: (offset) => textBehind(record, offset, buffer) };
    }
    if (NOT_FOUND.has(failure)) return null;
    throw new SysError(failure, call, subject);
  }
  throw new SysError(ERRNO.ERANGE, call, subject);
}

function textBehind(record: Record, offset: number, buffer: Record): string {
  const start = Number(viewOf(record).getBigUint64(offset, true) - BigInt(addressOf(buffer)));
  return start >= 0 && start < buffer.length ? textAt(buffer, start) : "";
}

/** The groups `name` belongs to, `gid` among them: getgrouplist(3). A name nobody has belongs to `gid` alone. */
export function groupsOf(name: string, gid: number): number[] {
  const user = cString(name, "getgrouplist");
  checkId(gid, "getgrouplist", "gid");
  for (let room = 64; room <= MOST_GROUPS; room *= 4) {
    const list = kernelBytes(room * 4);
    const count = kernelBytes(4);
    viewOf(count).setInt32(0, room, true);
    if (accounts().getgrouplist(user, gid, list, count) < 0) continue;
    const found = Math.min(viewOf(count).getInt32(0, true), room);
    return Array.from({ length: found }, (_, index) => viewOf(list).getUint32(index * 4, true));
  }
  throw new SysError(ERRNO.ERANGE, "getgrouplist", name);
}

/** (uid_t) -1 means "leave as it is" to the kernel, so it is no id. */
function checkId(id: number, call: string, what: string): number {
  return checkInteger(id, 0, MAXIMUM_UINT - 1, call, what);
}
