/** The version of the running kernel: uname(2). */
import { attempt, lazyLibc } from "./libc.ts";
import { kernelBytes, textAt } from "./memory.ts";
import { orThrow } from "./sys-error.ts";

const names = lazyLibc({ uname: { args: ["ptr"], returns: "i32" } });

/** struct utsname: six texts of 65 bytes; the release is the third. */
const TEXT_LENGTH = 65;

/** `"6.18.44-generic"` */
export function kernelRelease(): string {
  const record = kernelBytes(6 * TEXT_LENGTH);
  orThrow(
    attempt(() => names().uname(record)),
    "uname",
    "kernel",
  );
  return textAt(record, 2 * TEXT_LENGTH, 3 * TEXT_LENGTH);
}

/** For the few features that cannot be asked for directly. */
export function isKernelAtLeast(major: number, minor: number, release = kernelRelease()): boolean {
  const [ownMajor = 0, ownMinor = 0] = release.split(/[.-]/, 2).map(Number);
  return ownMajor > major || (ownMajor === major && ownMinor >= minor);
}
