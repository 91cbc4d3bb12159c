/** Collecting an own child by its pidfd: waitid(2) with P_PIDFD, which no reuse of the pid can mislead. */
import type { Fd } from "./fd.ts";
import { attempt, lazyLibc } from "./libc.ts";
import { kernelBytes, viewOf } from "./memory.ts";
import { orThrow } from "./sys-error.ts";

const P_PIDFD = 3;
const WNOHANG = 1;
const WEXITED = 4;
const CLD_EXITED = 1;
const CLD_DUMPED = 3;
const CORE_FLAG = 0x80;

const wait = lazyLibc({ waitid: { args: ["i32", "u32", "ptr", "i32"], returns: "i32" } });

/** The wait status, or null while the child runs. SysError ECHILD when it is not our child or already collected. */
export function collectChild(pidfd: Fd): number | null {
  return collect(pidfd, WEXITED | WNOHANG);
}

/** Blocks the thread until the child has exited. */
export function collectChildBlocking(pidfd: Fd): number | null {
  return collect(pidfd, WEXITED);
}

function collect(pidfd: Fd, options: number): number | null {
  const record = kernelBytes(128);
  const number = pidfd.number;
  orThrow(
    attempt(() => wait().waitid(P_PIDFD, number, record, options)),
    "waitid",
    pidfd.path,
  );
  // siginfo_t on 64 bits: si_code at 8, si_pid at 16, si_status at 24.
  const view = viewOf(record);
  if (view.getInt32(16, true) === 0) return null;
  const code = view.getInt32(8, true);
  const value = view.getInt32(24, true);
  if (code === CLD_EXITED) return (value & 0xff) << 8;
  return (value & 0x7f) | (code === CLD_DUMPED ? CORE_FLAG : 0);
}
