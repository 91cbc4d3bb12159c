/** One event of a descriptor as a promise. */
import type { Fd } from "./fd.ts";
import { EPOLL, watchFd } from "./pump.ts";

/** True when one of `events` (or HUP, ERR) came, false when `signal` was aborted first. */
export function waitEvent(fd: Fd, events: number, signal?: AbortSignal): Promise<boolean> {
  if (signal?.aborted) return Promise.resolve(false);
  return new Promise((resolve) => {
    const finish = (came: boolean) => {
      signal?.removeEventListener("abort", abort);
      watch[Symbol.dispose]();
      resolve(came);
    };
    const abort = () => finish(false);
    const watch = watchFd(fd, events | EPOLL.ONESHOT, () => finish(true));
    signal?.addEventListener("abort", abort, { once: true });
  });
}
