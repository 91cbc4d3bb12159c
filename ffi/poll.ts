/** Waiting on one descriptor with the thread blocked: poll(2). */
import { ERRNO } from "./errno-names.ts";
import type { Fd } from "./fd.ts";
import { attemptOnce, libc } from "./libc.ts";
import { kernelBytes, MAXIMUM_INT, viewOf } from "./memory.ts";
import { checkInteger, orThrow, SysError } from "./sys-error.ts";

/** struct pollfd. One for all: the thread that waits does nothing else. */
const entry = kernelBytes(8);
const view = viewOf(entry);

export const POLL = { IN: 1, PRI: 2, OUT: 4, ERR: 8, HUP: 16, NVAL: 32 } as const;

/**
 * Returns the events that came (ERR and HUP unasked too), or 0 when `timeoutMs` passed first.
 * -1 waits for ever; an interruption goes on with the time that is left.
 */
export function pollSync(fd: Fd, events: number, timeoutMs: number): number {
  checkInteger(events, 0, 0x7fff, "poll", "events");
  checkInteger(timeoutMs, -1, MAXIMUM_INT, "poll", "timeout");
  view.setInt32(0, fd.number, true);
  view.setInt16(4, events, true);
  const deadline = timeoutMs > 0 ? performance.now() + timeoutMs : 0;
  let remaining = timeoutMs;
  for (;;) {
    const result = attemptOnce(() => libc().poll(entry, 1, remaining));
    if (result !== -ERRNO.EINTR) {
      orThrow(result, "poll", fd.path);
      const received = view.getInt16(6, true);
      if (received & POLL.NVAL) throw new SysError(ERRNO.EBADF, "poll", fd.path);
      return received;
    }
    if (timeoutMs > 0) remaining = Math.max(0, Math.ceil(deadline - performance.now()));
  }
}
