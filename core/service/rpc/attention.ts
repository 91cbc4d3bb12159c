/** What is on anybody's screen: the union over all clients. Strangers cannot make the service sample without bound. */
import { ATTENDED } from "./limits.ts";

interface Entry {
  readonly ids: readonly string[];
  readonly isOwn: boolean;
}

export class Attention {
  readonly #attend: (ids: readonly string[]) => void;
  readonly #entries = new Map<object, Entry>();

  constructor(attend: (ids: readonly string[]) => void) {
    this.#attend = attend;
  }

  /** Takes the place of what `client` attended before. */
  set(client: object, ids: readonly string[], isOwn: boolean): void {
    if (ids.length === 0 && !this.#entries.has(client)) return;
    if (ids.length === 0) this.#entries.delete(client);
    else this.#entries.set(client, { ids, isOwn });
    this.#attend(this.#union());
  }

  forget(client: object): void {
    this.set(client, [], false);
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
