/** Filter and sort: pure, computed once per change of data, filter or order, never per key. */

export interface Filter {
  /** Of a text in lower case: case is ignored, and a text is searched more often than it changes. */
  test(text: string): boolean;
  /** Why the pattern cannot be used; everything passes then. */
  readonly problem: string | null;
}

const ALL: Filter = { test: () => true, problem: null };

/** Words that must all occur, in any order; `/.../` is a regular expression. */
export function parseFilter(text: string): Filter {
  const trimmed = text.trim();
  if (trimmed === "") return ALL;
  if (trimmed.length > 2 && trimmed.startsWith("/") && trimmed.endsWith("/"))
    return patternFilter(trimmed.slice(1, -1));
  const words = trimmed.toLowerCase().split(/\s+/);
  return {
    test(lower) {
      for (const word of words) if (!lower.includes(word)) return false;
      return true;
    },
    problem: null,
  };
}

function patternFilter(source: string): Filter {
  try {
    const pattern = new RegExp(source, "i");
    return { test: (candidate) => pattern.test(candidate), problem: null };
  } catch (error) {
    return { test: () => true, problem: error instanceof Error ? error.message : String(error) };
  }
}

export type SortKey = string | number | null;

export interface Query<T> {
  readonly filter: Filter;
  /** Whether it is looked at at all, before any text is searched. */
  accepts?(item: T): boolean;
  searchText(item: T): string;
  sortKey(item: T): SortKey;
  readonly isReverse: boolean;
}

/** Ids in the order to be shown. Equal keys are ordered by id, so that the order never depends on arrival. */
export function queryIds<T extends { readonly id: string }>(items: ReadonlyMap<string, T>, query: Query<T>): string[] {
  const found: T[] = [];
  for (const item of items.values()) {
    if (query.accepts?.(item) === false) continue;
    if (query.filter.test(query.searchText(item))) found.push(item);
  }
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
