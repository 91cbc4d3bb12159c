/** A wait that ends by itself, by a deadline or by being aborted, whichever is first. */
import { type Clock, delay } from "#core/model/clock.ts";

/** `wait` gets a signal that is aborted when `seconds` have passed (null: never) or `abort` is. */
export async function waitWithDeadline<T>(
  clock: Clock,
  seconds: number | null,
  abort: AbortSignal | undefined,
  wait: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const over = new AbortController();
  const giveUp = () => over.abort();
  if (abort?.aborted) giveUp();
  abort?.addEventListener("abort", giveUp, { once: true });
  if (seconds !== null) void delay(clock, seconds * 1000, over.signal).then(giveUp);
  try {
    return await wait(over.signal);
  } finally {
    abort?.removeEventListener("abort", giveUp);
    giveUp();
  }
}
