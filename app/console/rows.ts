/** The rows of one pane: ids in order, found by id without searching. Kept until data, filter or order change. */
import type { Pane, SortOrder } from "#app/panes/pane.ts";
import type { Items, Kind } from "#core/model/kinds.ts";
import { type Filter, parseFilter, queryIds } from "#core/store/query.ts";

type Item = Items[Kind];

export interface Rows {
  readonly ids: readonly string[];
  /** -1 if it is not among them. */
  indexOf(id: string): number;
  readonly filter: Filter;
}

export interface RowSource {
  /** `scope`: only the items of that group; null for all. */
  rows(items: ReadonlyMap<string, Item>, filter: string, sort: SortOrder, scope: string | null): Rows;
}

export function createRowSource(pane: Pane): RowSource {
  const all = parseFilter("");
  let sorted: {
    items: ReadonlyMap<string, Item>;
    sort: SortOrder;
    scope: string | null;
    ids: readonly string[];
  } | null = null;
  const sortedIds = (items: ReadonlyMap<string, Item>, sort: SortOrder, scope: string | null) => {
    if (sorted?.items === items && sorted.sort === sort && sorted.scope === scope) return sorted.ids;
    const column = pane.columns.find((each) => each.id === sort.column) ?? pane.columns[0];
    const ids = queryIds(items, {
      filter: all,
      accepts: (item) => scope === null || pane.scopeOf?.(item) === scope,
      searchText: () => "",
      sortKey: (item) => column?.sortValue(item) ?? null,
      isReverse: sort.isReverse,
    });
    sorted = { items, sort, scope, ids };
    return ids;
  };
  let last: {
    items: ReadonlyMap<string, Item>;
    filter: string;
    sort: SortOrder;
    scope: string | null;
    rows: Rows;
  } | null = null;
  /** Text to search in is built once an item; items are frozen, a changed one is another object. */
  const texts = new WeakMap<Item, string>();
  const textOf = (item: Item) => {
    let text = texts.get(item);
    if (text === undefined) {
      text = pane.searchText(item).toLowerCase();
      texts.set(item, text);
    }
    return text;
  };
  return {
    rows(items, filterText, sort, scope) {
      const isSame = last?.items === items && last.filter === filterText && last.sort === sort && last.scope === scope;
      if (last && isSame) return last.rows;
      const filter = parseFilter(filterText);
      const order = sortedIds(items, sort, scope);
      const ids =
        filter.problem === null && filterText.trim() === ""
          ? order
          : order.filter((id) => {
              const item = items.get(id);
              return item !== undefined && filter.test(textOf(item));
            });
      last = { items, filter: filterText, sort, scope, rows: indexed(ids, filter) };
      return last.rows;
    },
  };
}

function indexed(ids: readonly string[], filter: Filter): Rows {
  return {
    ids,
    filter,
    indexOf: (id) => ids.indexOf(id),
  };
}
