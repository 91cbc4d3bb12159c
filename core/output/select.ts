/** `--filter`, `--sort` and `--limit`: which items are written, in which order. */
import { type FieldPath, type FieldTree, parseField, valueAt } from "./field-tree.ts";
import { parseFilter } from "./filter.ts";

export type Predicate = (item: unknown) => boolean;
export type Comparison = (a: unknown, b: unknown) => number;

/** Words are looked for in `searched`, each value a line of its own. */
export function parsePredicate(text: string, tree: FieldTree, searched: readonly string[]): Predicate {
  const filter = parseFilter(text, tree);
  if (filter.problem) throw filter.problem;
  const paths = searched.map((field) => parseField(field, tree));
  return (item) => {
    const values = paths.map((path) => valueAt(item, path)).filter((value) => value !== null);
    return filter.test(values.join("\n").toLowerCase(), item);
  };
}

/** `f,-g`: by f, then by g downwards. Unknown values (null) come last either way. */
export function parseSort(text: string, tree: FieldTree): Comparison {
  const keys = text.split(",").map((word) => {
    const isDown = word.trim().startsWith("-");
    return { path: parseField(word.trim().slice(isDown ? 1 : 0), tree), sign: isDown ? -1 : 1 };
  });
  return (a, b) => {
    for (const { path, sign } of keys) {
      const order = compareAt(a, b, path, sign);
      if (order !== 0) return order;
    }
    return 0;
  };
}

function compareAt(a: unknown, b: unknown, path: FieldPath, sign: number): number {
  const left = valueAt(a, path);
  const right = valueAt(b, path);
  if (left === null || right === null) return Number(left === null) - Number(right === null);
  if (typeof left === "number" && typeof right === "number") return sign * (left - right);
  return sign * compareText(String(left), String(right));
}

/** By code units, the same everywhere: a locale would change the order between hosts. */
export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

export interface Query {
  readonly filter: Predicate | null;
  /** null: the kind's own order. */
  readonly sort: Comparison | null;
  readonly limit: number | null;
}

export function selectItems<T>(items: readonly T[], query: Query): readonly T[] {
  const { filter, sort, limit } = query;
  let selected = filter ? items.filter((item) => filter(item)) : items;
  if (sort) selected = selected.toSorted((a, b) => sort(a, b));
  return limit === null ? selected : selected.slice(0, limit);
}
