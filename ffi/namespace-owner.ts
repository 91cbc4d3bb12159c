/** Who made the user namespace that a process lives in: ioctl_ns(2). */
import { ERRNO } from "./errno-names.ts";
import { OPEN, openFd } from "./fd.ts";
import { attempt, LONG, lazyLibc } from "./libc.ts";
import { kernelBytes, viewOf } from "./memory.ts";
import { orThrow, SysError } from "./sys-error.ts";

const NS_GET_OWNER_UID = 0xb704;

const control = lazyLibc({ ioctl: { args: ["i32", LONG, "ptr"], returns: "i32" } });

const GONE: ReadonlySet<number> = new Set([ERRNO.ENOENT, ERRNO.ESRCH]);

/** null when the process is gone or may not be looked at. */
export function userNamespaceOwner(procRoot: string, pid: number): number | null {
  try {
    using namespace = openFd(`${procRoot}/${pid}/ns/user`, OPEN.READ_ONLY);
    const uid = kernelBytes(4);
    const number = namespace.number;
    orThrow(
      attempt(() => control().ioctl(number, NS_GET_OWNER_UID, uid)),
      "ioctl NS_GET_OWNER_UID",
      namespace.path,
    );
    return viewOf(uid).getUint32(0, true);
  } catch (error) {
    if (error instanceof SysError && (GONE.has(error.errno) || error.errno === ERRNO.EACCES)) return null;
    throw error;
  }
}
