/**
 * The fields of a kind, read off its committed JSON Schema: what `--json=f,g.h`, `--filter f=v` and `--sort f` accept,
 * and the order of keys in every document. (The schema is generated from the kind's valibot schema; reading the
 * generated file keeps valibot off the path of commands.)
 */
import { MusterError } from "#core/model/error.ts";

/** name -> its own fields; empty for a plain value. In schema order. */
export interface FieldTree extends ReadonlyMap<string, FieldTree> {}

/** `lock.held` as ["lock", "held"]. */
export type FieldPath = readonly string[];

interface SchemaNode {
  readonly properties?: Readonly<Record<string, unknown>>;
  readonly anyOf?: readonly unknown[];
  readonly items?: unknown;
}

export function fieldTree(schema: object): FieldTree {
  const fields = new Map<string, FieldTree>();
  collect(schema as SchemaNode, fields);
  return fields;
}

/** Nullable and open fields are alternatives (`anyOf`); a list has the fields of its elements. */
function collect(node: SchemaNode, into: Map<string, FieldTree>): void {
  for (const [name, value] of Object.entries(node.properties ?? {})) into.set(name, fieldTree(value as object));
  for (const alternative of node.anyOf ?? []) collect(alternative as SchemaNode, into);
  if (typeof node.items === "object" && node.items !== null) collect(node.items as SchemaNode, into);
}

/** The fields of several kinds, as if they were of one. */
export function mergedTree(trees: readonly FieldTree[]): FieldTree {
  const merged = new Map<string, FieldTree>();
  for (const [name, inner] of trees.flatMap((tree) => [...tree])) {
    const known = merged.get(name);
    merged.set(name, known ? mergedTree([known, inner]) : inner);
  }
  return merged;
}

/** Every path, inner ones after their parents: the list that an UNKNOWN_FIELD error and the help show. */
export function fieldNames(tree: FieldTree, prefix = ""): string[] {
  const names: string[] = [];
  for (const [name, inner] of tree) names.push(prefix + name, ...fieldNames(inner, `${prefix}${name}.`));
  return names;
}

export function parseField(text: string, tree: FieldTree): FieldPath {
  const path = text.split(".");
  let here: FieldTree | undefined = tree;
  for (const name of path) here = here?.get(name);
  if (here) return path;
  throw new MusterError("UNKNOWN_FIELD", `unknown field '${text}'`, {
    target: text,
    hint: `fields: ${fieldNames(tree).join(", ")}`,
  });
}

/** The value at `path`; for a list on the way the values of all its elements. */
export function valueAt(item: unknown, path: FieldPath): unknown {
  let value: unknown = item;
  for (const [index, name] of path.entries()) {
    if (value === null || value === undefined) return null;
    if (Array.isArray(value)) return value.map((element) => valueAt(element, path.slice(index)));
    value = (value as Record<string, unknown>)[name];
  }
  return value ?? null;
}
