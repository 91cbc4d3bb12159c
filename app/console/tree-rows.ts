/**
 * The rows of a tree: what is folded away is not among them; a filter shows what fits together with all it belongs to.
 * Siblings are sorted once for each order, lines are walked once for each change: moving the cursor costs nothing here.
 */
import type { Pane, SortOrder, Tree } from "#app/panes/pane.ts";
import type { Items, Kind } from "#core/model/kinds.ts";
import type { Forest } from "#core/store/forest.ts";
import { sortItems } from "#core/store/query.ts";
import { itemAmong } from "#core/store/select.ts";
import type { Snapshot } from "#core/store/snapshot.ts";
import { type PaneFilter, paneFilters } from "./pane-filter.ts";
import type { RowQuery, RowSource, Rows } from "./rows.ts";

type Item = Items[Kind];

/** Ids of the rows from top to bottom, and how deep each stands. */
interface Walked {
  readonly ids: readonly string[];
  readonly depths: readonly number[];
}

/** What the rows are asked about besides. */
interface Ground {
  readonly forest: Forest<Item>;
  readonly filter: PaneFilter;
  /** null without a filter. */
  readonly found: Found | null;
  isOpen(item: Item): boolean;
  itemOf(id: string): Item | undefined;
}

export function createTreeRowSource(pane: Pane, tree: Tree<Item>): RowSource {
  const order = createOrder(pane);
  const openings = createOpenings(pane, tree);
  const filterOf = paneFilters(pane);
  let last: { readonly forest: Forest<Item>; readonly query: RowQuery; readonly rows: Rows } | null = null;
  return {
    rows(snapshot, query) {
      const forest = tree.forest(snapshot);
      if (last?.forest === forest && isSame(last.query, query)) return last.rows;
      if (last?.forest !== forest) openings.forget(snapshot);
      const filter = filterOf(query.filter);
      const found = filter.isIdle ? null : matches(snapshot, pane, forest, filter);
      const isOpen = (item: Item) => openings.isOpen(item, query);
      const sorted = (items: readonly Item[]) => order(items, query.sort);
      const children = (item: Item): readonly Item[] => {
        if (found) return sorted(forest.childrenOf(item.id)).filter(({ id }) => found.shown.has(id));
        return isOpen(item) ? sorted(forest.childrenOf(item.id)) : [];
      };
      const roots = sorted(forest.roots).filter(({ id }) => found?.shown.has(id) ?? true);
      const itemOf = (id: string) => itemAmong(snapshot, pane.kinds, id);
      last = { forest, query, rows: rowsOf(walk(roots, children), { forest, filter, found, isOpen, itemOf }) };
      return last.rows;
    },
  };
}

const isSame = (a: RowQuery, b: RowQuery) => a.filter === b.filter && a.sort === b.sort && a.folds === b.folds;

/** Siblings in their order, which is kept for as long as they and the order are the same. */
function createOrder(pane: Pane) {
  let sortedBy: SortOrder | null = null;
  let sorted = new WeakMap<readonly Item[], readonly Item[]>();
  return (items: readonly Item[], sort: SortOrder): readonly Item[] => {
    if (sortedBy !== sort) sorted = new WeakMap();
    sortedBy = sort;
    let own = sorted.get(items);
    if (own === undefined) {
      const column = pane.columns.find((each) => each.id === sort.column) ?? pane.columns[0];
      own = sortItems(items, (item) => column?.sortValue(item) ?? null, sort.isReverse);
      sorted.set(items, own);
    }
    return own;
  };
}

/**
 * What the operator has folded, and for the rest what is too large for the screen when it is first seen. It is decided
 * once: lines do not fold themselves under the eyes of somebody who reads them because a process more was forked.
 */
function createOpenings(pane: Pane, tree: Tree<Item>) {
  const first = new Map<string, boolean>();
  return {
    isOpen(item: Item, { folds, screenful }: RowQuery): boolean {
      const chosen = folds.get(item.id);
      if (chosen !== undefined) return chosen;
      const size = tree.size(item);
      if (size === 0) return true;
      let isOpen = first.get(item.id);
      if (isOpen === undefined) {
        isOpen = size <= screenful;
        // A terminal that is too small for any line decides nothing.
        if (screenful > 1) first.set(item.id, isOpen);
      }
      return isOpen;
    },
    /** What is gone. */
    forget(snapshot: Snapshot): void {
      for (const id of first.keys()) {
        if (!itemAmong(snapshot, pane.kinds, id)) first.delete(id);
      }
    },
  };
}

interface Found {
  readonly matching: ReadonlySet<string>;
  /** These and what they belong to. */
  readonly shown: ReadonlySet<string>;
}

function matches(snapshot: Snapshot, pane: Pane, forest: Forest<Item>, filter: PaneFilter): Found {
  const matching = new Set<string>();
  const shown = new Set<string>();
  for (const kind of pane.kinds) {
    for (const item of snapshot.shelves[kind].items.values()) {
      if (!filter.fits(kind, item)) continue;
      matching.add(item.id);
      for (let at: Item | undefined = item; at && !shown.has(at.id); at = forest.parentOf(at.id)) shown.add(at.id);
    }
  }
  return { matching, shown };
}

/** Depth first, without recursion: a chain of forks may be as long as there are processes. */
function walk(roots: readonly Item[], children: (item: Item) => readonly Item[]): Walked {
  const ids: string[] = [];
  const depths: number[] = [];
  const open: { readonly items: readonly Item[]; at: number }[] = [{ items: roots, at: 0 }];
  for (let level = open.at(-1); level; level = open.at(-1)) {
    const item = level.items[level.at++];
    if (!item) {
      open.pop();
      continue;
    }
    ids.push(item.id);
    depths.push(open.length - 1);
    const below = children(item);
    if (below.length > 0) open.push({ items: below, at: 0 });
  }
  return { ids, depths };
}

function rowsOf({ ids, depths }: Walked, { forest, filter, found, isOpen, itemOf }: Ground): Rows {
  const foldOf = (row: number, id: string, depth: number) => {
    if (found) return (depths[row + 1] ?? 0) > depth ? "open" : null;
    const item = itemOf(id);
    if (!item || forest.childrenOf(id).length === 0) return null;
    return isOpen(item) ? "open" : "folded";
  };
  return {
    ids,
    problem: filter.problem,
    indexOf: (id) => ids.indexOf(id),
    branchAt(row) {
      const id = ids[row];
      const depth = depths[row];
      if (id === undefined || depth === undefined) return null;
      return { depth, fold: foldOf(row, id, depth), isContext: found !== null && !found.matching.has(id) };
    },
    lineage(id) {
      const above: string[] = [];
      for (let at = forest.parentOf(id); at; at = forest.parentOf(at.id)) above.push(at.id);
      return above;
    },
  };
}
