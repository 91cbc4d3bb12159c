/** Items of several kinds as trees: who belongs to whom, worked out once for a set of items and asked often. */

export interface Forest<T> {
  readonly roots: readonly T[];
  /** In no particular order. */
  childrenOf(id: string): readonly T[];
  parentOf(id: string): T | undefined;
}

const NOTHING: readonly never[] = [];

/**
 * `parentId`: null of a root. What belongs to something that is not there is a root too, and so is one of those that by
 * some mistake belong to each other in a ring: no item is ever left out.
 */
export function forestOf<T extends { readonly id: string }>(
  items: ReadonlyMap<string, T>,
  parentId: (item: T) => string | null,
): Forest<T> {
  const parents = new Map<string, T>();
  for (const item of items.values()) {
    const id = parentId(item);
    const parent = id === null ? undefined : items.get(id);
    if (parent) parents.set(item.id, parent);
  }
  openRings(items, parents);
  const roots: T[] = [];
  const children = new Map<string, T[]>();
  for (const item of items.values()) {
    const parent = parents.get(item.id);
    if (!parent) {
      roots.push(item);
      continue;
    }
    const siblings = children.get(parent.id);
    if (siblings) siblings.push(item);
    else children.set(parent.id, [item]);
  }
  return {
    roots,
    childrenOf: (id) => children.get(id) ?? NOTHING,
    parentOf: (id) => parents.get(id),
  };
}

/** Each item is walked over once: what leads to a root, or to where another walk has been, is no ring. */
function openRings<T extends { readonly id: string }>(items: ReadonlyMap<string, T>, parents: Map<string, T>): void {
  const walkOf = new Map<string, number>();
  let walk = 0;
  for (const start of items.values()) {
    walk++;
    for (let at: T | undefined = start; at && !walkOf.has(at.id); at = parents.get(at.id)) {
      walkOf.set(at.id, walk);
      const next = parents.get(at.id);
      if (next && walkOf.get(next.id) === walk) parents.delete(at.id);
    }
  }
}
