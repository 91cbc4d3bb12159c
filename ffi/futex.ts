/** Waiting for a word in memory to change: futex(2), in its form that works between processes. */
import { attemptOnce, libc } from "./libc.ts";
import { addressOf, kernelBytes, viewOf } from "./memory.ts";

const SYS_FUTEX = process.arch === "arm64" ? 98 : 202;
const FUTEX_WAIT = 0;
const FUTEX_WAKE = 1;

const span = kernelBytes(16);
const spanView = viewOf(span);
const spanAddress = Number(addressOf(span));

/**
 * Blocks this thread until the word is woken, is no longer `expected`, or `timeoutMs` have passed; also without a
 * reason. The caller looks at the word again.
 */
export function futexWait(address: number, expected: number, timeoutMs: number): void {
  const nanoseconds = Math.max(0, Math.round(timeoutMs * 1e6));
  spanView.setBigInt64(0, BigInt(Math.floor(nanoseconds / 1e9)), true);
  spanView.setBigInt64(8, BigInt(nanoseconds % 1e9), true);
  attemptOnce(() => libc().syscall(SYS_FUTEX, address, FUTEX_WAIT, expected, spanAddress));
}

/** Wakes one waiter, if there is one. */
export function futexWakeOne(address: number): void {
  attemptOnce(() => libc().syscall(SYS_FUTEX, address, FUTEX_WAKE, 1, 0));
}
