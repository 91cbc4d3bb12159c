/** Containers by id, by name and by the beginning of an id: each without a scan, however many there are (match.ts). */
import { type ContainerRecord, isHexId } from "./container.ts";
import type { NameTable } from "./match.ts";

export class NameIndex implements Omit<NameTable<ContainerRecord>, "userName"> {
  readonly #byId = new Map<string, Set<ContainerRecord>>();
  readonly #byName = new Map<string, Set<ContainerRecord>>();
  /** In order, for prefixes; null after a change. */
  #sortedIds: string[] | null = null;

  add(record: ContainerRecord): void {
    if (!this.#byId.has(record.id)) this.#sortedIds = null;
    add(this.#byId, record.id, record);
    for (const name of record.names) add(this.#byName, name, record);
  }

  remove(record: ContainerRecord): void {
    removeFrom(this.#byId, record.id, record);
    for (const name of record.names) removeFrom(this.#byName, name, record);
    if (!this.#byId.has(record.id)) this.#sortedIds = null;
  }

  /** The ids stay what they are. */
  replace(before: ContainerRecord, now: ContainerRecord): void {
    this.add(now);
    this.remove(before);
  }

  withId = (id: string): Iterable<ContainerRecord> => this.#byId.get(id) ?? [];
  withName = (name: string): Iterable<ContainerRecord> => this.#byName.get(name) ?? [];

  withIdPrefix = (prefix: string): Iterable<ContainerRecord> => (/^[0-9a-f]+$/.test(prefix) ? this.#from(prefix) : []);

  *#from(prefix: string): Generator<ContainerRecord> {
    this.#sortedIds ??= [...this.#byId.keys()].filter(isHexId).sort();
    const ids = this.#sortedIds;
    for (let at = firstAtLeast(ids, prefix); ids[at]?.startsWith(prefix); at++) {
      yield* this.#byId.get(ids[at] ?? "") ?? [];
    }
  }
}

function add(map: Map<string, Set<ContainerRecord>>, key: string, record: ContainerRecord): void {
  const records = map.get(key);
  if (records) records.add(record);
  else map.set(key, new Set([record]));
}

function removeFrom(map: Map<string, Set<ContainerRecord>>, key: string, record: ContainerRecord): void {
  const records = map.get(key);
  records?.delete(record);
  if (records?.size === 0) map.delete(key);
}

function firstAtLeast(sorted: readonly string[], wanted: string): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sorted[middle] ?? "") < wanted) low = middle + 1;
    else high = middle;
  }
  return low;
}
