/** The subscriptions of one connection: each with its backlog, served in turn as the client reads. */
import { MusterError } from "#core/model/error.ts";
import type { Kind } from "#core/model/kinds.ts";
import type { SourceEvent } from "#core/model/source.ts";
import type { Service } from "../service.ts";
import { Backlog } from "./backlog.ts";
import { EVENTS_A_MESSAGE, SUBSCRIPTIONS } from "./limits.ts";
import type { Notification } from "./protocol.ts";
import { sourceEventText } from "./wire-text.ts";

interface Subscription {
  readonly backlog: Backlog;
  readonly end: () => void;
  seq: number;
}

export class Subscriptions {
  readonly #service: Service;
  readonly #onNews: () => void;
  readonly #byNumber = new Map<number, Subscription>();
  #last = 0;

  constructor(service: Service, onNews: () => void) {
    this.#service = service;
    this.#onNews = onNews;
  }

  /** Throws BUSY. What comes from here on is news; the caller takes the snapshot in the same turn. */
  add(kinds: readonly Kind[]): number {
    if (this.#byNumber.size >= SUBSCRIPTIONS) {
      throw new MusterError("BUSY", `a connection has at most ${SUBSCRIPTIONS} subscriptions`, {
        hint: "unsubscribe from one, or connect a second time",
      });
    }
    const number = ++this.#last;
    const backlog = new Backlog(kinds);
    const end = this.#service.subscribe(kinds, ({ batch }) => {
      backlog.add(batch);
      this.#onNews();
    });
    this.#byNumber.set(number, { backlog, end, seq: 0 });
    return number;
  }

  get isEmpty(): boolean {
    return this.#byNumber.size === 0;
  }

  remove(number: number): void {
    this.#byNumber.get(number)?.end();
    this.#byNumber.delete(number);
  }

  close(): void {
    for (const number of [...this.#byNumber.keys()]) this.remove(number);
  }

  /** The next message for the client; null when it has been sent everything. */
  nextLine(): string | null {
    for (const [number, subscription] of this.#byNumber) {
      if (subscription.backlog.isEmpty) continue;
      // Whoever comes last in the map gets his turn as well.
      this.#byNumber.delete(number);
      this.#byNumber.set(number, subscription);
      const dropped = subscription.backlog.takeDropped();
      if (dropped > 0) return notification("gap", `{"subscription":${number},"dropped":${dropped}}`);
      const events = subscription.backlog.take(this.#service.snapshot(), EVENTS_A_MESSAGE);
      if (events.length > 0) return changeLine(number, ++subscription.seq, events);
    }
    return null;
  }
}

function changeLine(number: number, seq: number, events: readonly SourceEvent[]): string {
  const texts = events.map(sourceEventText).join(",");
  return notification("change", `{"subscription":${number},"seq":${seq},"events":[${texts}]}`);
}

/** `params` is JSON. */
export function notification(method: Notification, params: string): string {
  return `{"jsonrpc":"2.0","method":"${method}","params":${params}}`;
}
