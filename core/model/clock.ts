/** The only source of time in core and app; playback puts a virtual one in its place. */
export interface Clock {
  /** Monotonic milliseconds, from an arbitrary start. */
  nowMs(): number;
  /** Wall clock, milliseconds since 1970-01-01T00:00Z. */
  wallMs(): number;
  /** Calls back once after `delayMs`; the returned function takes the timer back. */
  setTimer(delayMs: number, callback: () => void): () => void;
}

/** Resolves after `delayMs` on `clock`, or at once when `signal` is aborted. */
export function delay(clock: Clock, delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve();
    const cancel = clock.setTimer(delayMs, () => {
      signal?.removeEventListener("abort", stop);
      resolve();
    });
    const stop = () => {
      cancel();
      resolve();
    };
    signal?.addEventListener("abort", stop, { once: true });
  });
}

/** RFC 3339, UTC, milliseconds: the form of every time in muster's output. */
export function timestamp(wallMs: number): string {
  return new Date(wallMs).toISOString();
}
