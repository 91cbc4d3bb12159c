/**
 * The one language of filters, of `--filter` as of the console: words that all have to occur, in any case and order;
 * FIELD=VALUE, which is compared exactly; or all of it one regular expression between slashes.
 */
import { MusterError } from "#core/model/error.ts";
import { type FieldTree, parseField, valueAt } from "./field-tree.ts";

export interface Filter {
  /** Words and patterns are looked for in `text`, which is in lower case: it is searched more often than it changes. */
  test(text: string, item?: unknown): boolean;
  /** Why it cannot be used; everything passes then. */
  readonly problem: MusterError | null;
}

type Term = Filter["test"];

/** Without fields, FIELD=VALUE is a word as any other. */
export function parseFilter(text: string, fields: FieldTree | null = null): Filter {
  try {
    const terms = parseTerms(text.trim(), fields);
    return { test: (lower, item) => terms.every((holds) => holds(lower, item)), problem: null };
  } catch (thrown) {
    if (!(thrown instanceof MusterError)) throw thrown;
    return { test: () => true, problem: thrown };
  }
}

function parseTerms(text: string, fields: FieldTree | null): readonly Term[] {
  if (text.length > 2 && text.startsWith("/") && text.endsWith("/")) return [patternTerm(text.slice(1, -1))];
  const words = text.split(/\s+/).filter((word) => word !== "");
  return words.map((word) => (fields && fieldTerm(word, fields)) ?? wordTerm(word.toLowerCase()));
}

function patternTerm(source: string): Term {
  try {
    const pattern = new RegExp(source, "im");
    return (lower) => pattern.test(lower);
  } catch (thrown) {
    throw new MusterError("USAGE", thrown instanceof Error ? thrown.message : String(thrown), { target: source });
  }
}

function fieldTerm(word: string, fields: FieldTree): Term | null {
  const exact = /^([A-Za-z][\w.]*)=(.*)$/s.exec(word);
  if (!exact) return null;
  const [, field = "", wanted = ""] = exact;
  const path = parseField(field, fields);
  return (_lower, item) => isEqual(valueAt(item, path), wanted);
}

const wordTerm =
  (word: string): Term =>
  (lower) =>
    lower.includes(word);

function isEqual(value: unknown, wanted: string): boolean {
  return Array.isArray(value) ? value.some((element) => isEqual(element, wanted)) : String(value) === wanted;
}
