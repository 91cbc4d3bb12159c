/**
 * Connections that wait for their client: it has not sent its whole request, or does not read its reply. Their time and
 * their number are bounded, and the oldest goes first; a client of good will is here for less than a millisecond.
 */
import type { Clock } from "#core/model/clock.ts";
import type { Connection } from "./connection.ts";

export interface Patience {
  readonly milliseconds: number;
  readonly connections: number;
}

export class Slow {
  readonly #clock: Clock;
  readonly #patience: Patience;
  /** In the order of their deadlines. */
  readonly #deadlines = new Map<Connection, number>();
  #cancelTimer: (() => void) | null = null;

  constructor(clock: Clock, patience: Patience) {
    this.#clock = clock;
    this.#patience = patience;
  }

  add(connection: Connection): void {
    if (this.#deadlines.has(connection)) return;
    if (this.#deadlines.size >= this.#patience.connections) this.dropOldest();
    this.#deadlines.set(connection, this.#clock.nowMs() + this.#patience.milliseconds);
    this.#expect();
  }

  remove(connection: Connection): void {
    this.#deadlines.delete(connection);
  }

  /** False if there is none. */
  dropOldest(): boolean {
    const [oldest] = this.#deadlines.keys();
    if (!oldest) return false;
    this.#deadlines.delete(oldest);
    oldest.close();
    return true;
  }

  close(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = null;
    while (this.dropOldest());
  }

  #expect(): void {
    const [first] = this.#deadlines.values();
    if (this.#cancelTimer || first === undefined) return;
    const delayMs = Math.max(1, Math.ceil(first - this.#clock.nowMs()));
    this.#cancelTimer = this.#clock.setTimer(delayMs, () => {
      this.#cancelTimer = null;
      this.#dropLate();
      this.#expect();
    });
  }

  #dropLate(): void {
    const nowMs = this.#clock.nowMs();
    for (const deadlineMs of this.#deadlines.values()) {
      if (deadlineMs > nowMs) return;
      this.dropOldest();
    }
  }
}
