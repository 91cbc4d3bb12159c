/** The waits of one endpoint: they end with what they are for, in time, or all together. */
import { GeopmError, geopmError } from "./errors.ts";
import type { Region } from "./region.ts";
import type { EndpointWaits } from "./waits.ts";

export interface LoopWait {
  readonly sample: Region;
  readonly isSo: () => boolean;
  /** A negative time is no limit. */
  readonly timeoutSeconds: number;
  /** What is said when it passes. */
  readonly failure: string;
  readonly restMs?: number;
}

const LONGEST_SECONDS = Number.MAX_SAFE_INTEGER / 1000;

export class WaitLoop {
  readonly #waits: EndpointWaits;
  #isStopped = false;
  #running = new AbortController();

  constructor(waits: EndpointWaits) {
    this.#waits = waits;
  }

  /** Ends the waits that go on, and every later one at once, until `reset`. */
  stop(): void {
    this.#isStopped = true;
    this.end();
  }

  reset(): void {
    this.#isStopped = false;
  }

  /** Ends the waits that go on. */
  end(): void {
    this.#running.abort();
    this.#running = new AbortController();
  }

  /** `ended`: by `end`, and not yet so. -1 when the time passes first. */
  async until({ sample, isSo, timeoutSeconds, failure, restMs }: LoopWait): Promise<"done" | "ended"> {
    const timeoutMs = timeoutOf(timeoutSeconds);
    if (this.#isStopped) return "done";
    const { signal } = this.#running;
    const isDone = () => {
      const isIt = unlessHeld(isSo);
      // A region that was cut off holds zeros, which say nothing of a controller; taking its lock says what happened.
      if (sample.isLost) {
        sample.enter();
        sample.leave();
      }
      return isIt;
    };
    const { path } = sample;
    const isIt = await this.#waits.until({ path, isDone, timeoutMs, signal, ...(restMs ? { restMs } : {}) });
    if (isIt || this.#isStopped) return "done";
    if (signal.aborted) return "ended";
    throw geopmError(-1, failure, { code: "TIMED_OUT", hint: `no change in ${timeoutSeconds} s` });
  }
}

/** While somebody has the lock, what he writes is not there yet. */
function unlessHeld(isSo: () => boolean): boolean {
  try {
    return isSo();
  } catch (thrown) {
    if (thrown instanceof GeopmError && thrown.code === "LOCK_HELD") return false;
    throw thrown;
  }
}

function timeoutOf(seconds: number): number {
  if (Number.isNaN(seconds)) throw geopmError(-3, "a timeout is a number of seconds");
  return seconds < 0 || seconds > LONGEST_SECONDS ? Number.POSITIVE_INFINITY : seconds * 1000;
}
