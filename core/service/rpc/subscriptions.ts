/** The subscriptions of one connection: each with its backlog, served in turn as the client reads. */
import { MusterError } from "#core/model/error.ts";
import type { Kind } from "#core/model/kinds.ts";
import type { SourceEvent } from "#core/model/source.ts";
import type { Service } from "../service.ts";
import { Backlog } from "./backlog.ts";
import { A_WAITING_CHANGE, EVENTS_A_MESSAGE, SUBSCRIPTIONS } from "./limits.ts";
import type { Notification } from "./protocol.ts";
import { sourceEventText } from "./wire-text.ts";

interface Subscription {
  readonly backlog: Backlog;
  readonly end: () => void;
  seq: number;
  /** Bytes that were told as held. */
  held: number;
}

export class Subscriptions {
  readonly #service: Service;
  readonly #onNews: () => void;
  readonly #onHeld: (bytes: number) => void;
  readonly #byNumber = new Map<number, Subscription>();
  #last = 0;

  /** `onHeld` is called with the bytes that more or less (negative) are held. */
  constructor(service: Service, onNews: () => void, onHeld: (bytes: number) => void) {
    this.#service = service;
    this.#onNews = onNews;
    this.#onHeld = onHeld;
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
      this.#count(subscription);
      this.#onNews();
    });
    const subscription: Subscription = { backlog, end, seq: 0, held: 0 };
    this.#byNumber.set(number, subscription);
    return number;
  }

  get isEmpty(): boolean {
    return this.#byNumber.size === 0;
  }

  remove(number: number): void {
    const subscription = this.#byNumber.get(number);
    if (!subscription) return;
    this.#byNumber.delete(number);
    subscription.end();
    this.#onHeld(-subscription.held);
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
      this.#count(subscription);
      if (events.length > 0) return changeLine(number, ++subscription.seq, events);
    }
    return null;
  }

  #count(subscription: Subscription): void {
    const held = subscription.backlog.size * A_WAITING_CHANGE;
    const more = held - subscription.held;
    subscription.held = held;
    if (more !== 0) this.#onHeld(more);
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
