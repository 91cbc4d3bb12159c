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
      text = pane.searchText(item);
      texts.set(item, text);
    }
    return text;
  };
  return {
    rows(items, filterText, sort, scope) {
      const isSame = last?.items === items && last.filter === filterText && last.sort === sort && last.scope === scope;
      if (last && isSame) return last.rows;
      const column = pane.columns.find((each) => each.id === sort.column) ?? pane.columns[0];
      const filter = parseFilter(filterText);
      const ids = queryIds(items, {
        filter,
        accepts: (item) => scope === null || pane.scopeOf?.(item) === scope,
        searchText: textOf,
        sortKey: (item) => column?.sortValue(item) ?? null,
        isReverse: sort.isReverse,
      });
      last = { items, filter: filterText, sort, scope, rows: indexed(ids, filter) };
      return last.rows;
    },
  };
}

function indexed(ids: readonly string[], filter: Filter): Rows {
  let index: Map<string, number> | null = null;
  return {
    ids,
    filter,
    indexOf(id) {
      index ??= new Map(ids.map((each, at) => [each, at]));
      return index.get(id) ?? -1;
    },
  };
}
