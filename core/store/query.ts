/** Which items, in which order: pure, computed once per change of data or order, never per key. */

export type SortKey = string | number | null;

export interface Query<T> {
  accepts(item: T): boolean;
  sortKey(item: T): SortKey;
  readonly isReverse: boolean;
}

/** Ids in the order to be shown. Equal keys are ordered by id, so that the order never depends on arrival. */
export function queryIds<T extends { readonly id: string }>(items: ReadonlyMap<string, T>, query: Query<T>): string[] {
  const found = [...items.values()].filter((item) => query.accepts(item));
  return sortItems(found, query.sortKey, query.isReverse).map(({ id }) => id);
}

/** In the order of their keys, each key asked for once; equal ones in the order of their ids. */
export function sortItems<T extends { readonly id: string }>(
  items: readonly T[],
  sortKey: (item: T) => SortKey,
  isReverse: boolean,
): T[] {
  const direction = isReverse ? -1 : 1;
  return items
    .map((item) => ({ item, id: item.id, key: sortKey(item) }))
    .sort((a, b) => compareKeys(a.key, b.key, direction) || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0))
    .map(({ item }) => item);
}

/** What has no value comes last in either direction. */
function compareKeys(a: SortKey, b: SortKey, direction: number): number {
  if (a === b) return 0;
  if (a === null) return 1;
  if (b === null) return -1;
  return a < b ? -direction : direction;
}
