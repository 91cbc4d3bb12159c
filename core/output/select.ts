/** `--filter`, `--sort` and `--limit`: which items are written, in which order. */
import { type FieldPath, type FieldTree, parseField, valueAt } from "./field-tree.ts";

export type Predicate = (item: unknown) => boolean;
export type Comparison = (a: unknown, b: unknown) => number;

/** `field=value` is exact; any other word has to occur in one of `searched`, in any case. All of them have to hold. */
export function parseFilter(text: string, tree: FieldTree, searched: readonly string[]): Predicate {
  const terms = text
    .split(/\s+/)
    .filter((word) => word !== "")
    .map((word) => parseTerm(word, tree, searched));
  return (item) => terms.every((holds) => holds(item));
}

function parseTerm(word: string, tree: FieldTree, searched: readonly string[]): Predicate {
  const exact = /^([A-Za-z][\w.]*)=(.*)$/s.exec(word);
  if (exact) {
    const [, field = "", wanted = ""] = exact;
    const path = parseField(field, tree);
    return (item) => isEqual(valueAt(item, path), wanted);
  }
  const part = word.toLowerCase();
  const paths = searched.map((field) => parseField(field, tree));
  return (item) => paths.some((path) => contains(valueAt(item, path), part));
}

function isEqual(value: unknown, wanted: string): boolean {
  return Array.isArray(value) ? value.some((element) => isEqual(element, wanted)) : String(value) === wanted;
}

function contains(value: unknown, part: string): boolean {
  return value !== null && value !== undefined && String(value).toLowerCase().includes(part);
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
