/** The rows of a plain list of one kind. */
import type { Pane, SortOrder } from "#app/panes/pane.ts";
import type { Items, Kind } from "#core/model/kinds.ts";
import { queryIds } from "#core/store/query.ts";
import { paneFilters } from "./pane-filter.ts";
import type { RowSource, Rows } from "./rows.ts";

type Item = Items[Kind];

export function createListRowSource(pane: Pane): RowSource {
  const filterOf = paneFilters(pane);
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
      accepts: (item) => scope === null || pane.scopeOf?.(item) === scope,
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
  return {
    rows(snapshot, { filter: filterText, sort, scope }) {
      const { items } = snapshot.shelves[pane.counted];
      const isSame = last?.items === items && last.filter === filterText && last.sort === sort && last.scope === scope;
      if (last && isSame) return last.rows;
      const filter = filterOf(filterText);
      const order = sortedIds(items, sort, scope);
      const ids = filter.isIdle
        ? order
        : order.filter((id) => {
            const item = items.get(id);
            return item !== undefined && filter.fits(pane.counted, item);
          });
      last = { items, filter: filterText, sort, scope, rows: listed(ids, filter.problem) };
      return last.rows;
    },
  };
}

function listed(ids: readonly string[], problem: Rows["problem"]): Rows {
  return { ids, problem, indexOf: (id) => ids.indexOf(id), branchAt: () => null, lineage: () => [] };
}
