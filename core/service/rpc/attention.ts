/** What is on anybody's screen: the union over all clients. Strangers cannot make the service sample without bound. */
import type { Clock } from "#core/model/clock.ts";
import { ATTENDED } from "./limits.ts";

/** What comes on a screen is sampled at once; for whoever is not the owner at most so often. */
const STRANGERS_MS = 250;

interface Entry {
  readonly ids: readonly string[];
  readonly isOwn: boolean;
}

export class Attention {
  readonly #clock: Clock;
  readonly #attend: (ids: readonly string[]) => void;
  readonly #entries = new Map<object, Entry>();
  #cancelLate: (() => void) | null = null;

  constructor(clock: Clock, attend: (ids: readonly string[]) => void) {
    this.#clock = clock;
    this.#attend = attend;
  }

  /** Takes the place of what `client` attended before. */
  set(client: object, ids: readonly string[], isOwn: boolean): void {
    if (ids.length === 0 && !this.#entries.has(client)) return;
    if (ids.length === 0) this.#entries.delete(client);
    else this.#entries.set(client, { ids, isOwn });
    if (isOwn) this.#tell();
    else this.#cancelLate ??= this.#clock.setTimer(STRANGERS_MS, () => this.#tell());
  }

  forget(client: object): void {
    this.set(client, [], this.#entries.get(client)?.isOwn ?? false);
  }

  close(): void {
    this.#cancelLate?.();
  }

  #tell(): void {
    this.#cancelLate?.();
    this.#cancelLate = null;
    this.#attend(this.#union());
  }

  #union(): string[] {
    const ids = new Set<string>();
    const entries = [...this.#entries.values()];
    for (const entry of entries) if (entry.isOwn) for (const id of entry.ids) ids.add(id);
    const strangersEnd = ids.size + ATTENDED;
    for (const entry of entries) {
      if (!entry.isOwn) for (const id of entry.ids) if (ids.size < strangersEnd) ids.add(id);
    }
    return [...ids];
  }
}
