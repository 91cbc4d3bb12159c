/** What of an item is written: all of it with its keys in schema order, or the fields that were asked for. */
import { type FieldPath, type FieldTree, parseField } from "./field-tree.ts";

type Shape = (item: unknown) => unknown;

/** `f1,f2.g` -> paths; throws UNKNOWN_FIELD. */
export function parseFields(text: string, tree: FieldTree): readonly FieldPath[] {
  return text.split(",").map((field) => parseField(field.trim(), tree));
}

/** Whole items: keys in schema order, keys the schema does not know behind them. */
export function orderKeys(tree: FieldTree): Shape {
  if (tree.size === 0) return (value) => value;
  const fields = [...tree].map(([name, inner]) => [name, orderKeys(inner)] as const);
  const shape: Shape = (value) => {
    if (Array.isArray(value)) return value.map(shape);
    if (typeof value !== "object" || value === null) return value;
    const source = value as Record<string, unknown>;
    const result: Record<string, unknown> = {};
    for (const [name, inner] of fields) if (name in source) result[name] = inner(source[name]);
    for (const name of Object.keys(source)) if (!tree.has(name)) result[name] = source[name];
    return result;
  };
  return shape;
}

/** Only the fields asked for, in the order asked, nested as in the whole item. A field without a value is null. */
export function pickFields(paths: readonly FieldPath[]): Shape {
  return (item) => {
    const result: Record<string, unknown> = {};
    for (const path of paths) put(result, path, item);
    return result;
  };
}

function put(result: Record<string, unknown>, path: FieldPath, item: unknown): void {
  const [name, ...rest] = path;
  if (name === undefined) return;
  const value = (item as Record<string, unknown>)[name] ?? null;
  if (rest.length === 0 || value === null) {
    result[name] ??= value;
  } else if (Array.isArray(value)) {
    const earlier = Array.isArray(result[name]) ? (result[name] as Record<string, unknown>[]) : [];
    result[name] = value.map((element, index) => grown(earlier[index], rest, element));
  } else {
    result[name] = grown(result[name], rest, value);
  }
}

/** A copy of what was picked before, with one more field: the item itself is frozen and may already be in the result. */
function grown(earlier: unknown, path: FieldPath, item: unknown): Record<string, unknown> {
  const result: Record<string, unknown> = { ...(earlier as Record<string, unknown> | undefined) };
  put(result, path, item);
  return result;
}
