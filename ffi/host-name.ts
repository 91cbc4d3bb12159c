/** The host name in another UTS namespace, read by a thread of its own: uts_namespaces(7), setns(2). */
import { lazyC } from "./compile-c.ts";
import type { Fd } from "./fd.ts";
import source from "./host-name.c" with { type: "text" };
import { kernelBytes, textAt } from "./memory.ts";
import { SysError } from "./sys-error.ts";

const library = lazyC("host-name.c", source, { host_name_in: { args: ["i32", "ptr"], returns: "i32" } });

/** The kernel's limit of 64 bytes, and the NUL. */
const ROOM = 65;

/** Compiles what a look-up needs, for whoever must answer the first one as fast as the others. */
export function prepareHostNames(): void {
  library();
}

/**
 * `namespace` is an open /proc/PID/ns/uts, or since Linux 5.8 a pidfd. Throws SysError: EPERM without CAP_SYS_ADMIN over it,
 * ESRCH for the pidfd of a process that has ended, EINVAL for a pidfd before Linux 5.8.
 */
export function hostNameIn(namespace: Fd): string {
  const name = kernelBytes(ROOM);
  const failure = library().host_name_in(namespace.number, name);
  if (failure !== 0) throw new SysError(failure, "setns", namespace.path);
  return textAt(name, 0);
}
