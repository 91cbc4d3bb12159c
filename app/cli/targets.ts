/** Words on the command line -> items: a full id or an exact name, else another name that only one item has. */
import { MusterError } from "#core/model/error.ts";
import type { Items } from "#core/model/kinds.ts";
import { KIND_WORDS, type KindWords, type NamedKind } from "./kind-words.ts";
import { nearest } from "./suggest.ts";

interface Named {
  readonly id: string;
}

/** Throws NOT_FOUND with the nearest name, AMBIGUOUS with the candidates. */
export function findItem<K extends NamedKind>(kind: K, word: string, items: Iterable<Items[K]>): Items[K] {
  return find(KIND_WORDS[kind] as KindWords<Items[K]>, word, [...items]);
}

function find<T extends Named>(words: KindWords<T>, typed: string, all: readonly T[]): T {
  const word = words.spell?.(typed) ?? typed;
  const exact = all.find((item) => item.id === word || words.names(item).includes(word));
  if (exact) return exact;
  const aliased = aliasedBy(words, word, all);
  const [only, ...others] = aliased;
  if (only && others.length === 0) return only;
  if (only) {
    throw new MusterError("AMBIGUOUS", `'${word}' fits ${aliased.length} ${words.many}`, {
      target: word,
      hint: `give one of: ${aliased.map((item) => words.names(item)[0] ?? item.id).join(", ")}`,
    });
  }
  // A number that is near another one is no help.
  const known = all.flatMap((item) => [...words.aliases(item), ...words.names(item)]);
  const near = /^\d+$/.test(word) || words.spell ? null : nearest(word, new Set(known));
  throw new MusterError("NOT_FOUND", `no ${words.one} '${word}'`, {
    target: word,
    hint: near === null ? `'muster ${words.many} list' shows all` : `did you mean '${near}'?`,
  });
}

export interface Found<T> {
  readonly items: readonly T[];
  readonly missing: readonly MusterError[];
}

function aliasedBy<T extends Named>(words: KindWords<T>, word: string, all: readonly T[]): readonly T[] {
  const { comesFirst = () => true, isShortFor = () => false } = words;
  const first = all.filter(comesFirst);
  const others = all.filter((item) => !comesFirst(item));
  for (const some of [first, others]) {
    const whole = some.filter((item) => words.aliases(item).includes(word));
    if (whole.length > 0) return whole;
    const short = some.filter((item) => isShortFor(item, word));
    if (short.length > 0) return short;
  }
  return [];
}

/** Each item once, in the order of the words. */
export function findItems<K extends NamedKind>(
  kind: K,
  words: readonly string[],
  items: Iterable<Items[K]>,
): Found<Items[K]> {
  const all = [...items];
  const found = new Map<string, Items[K]>();
  const missing: MusterError[] = [];
  for (const word of new Set(words)) {
    try {
      const item = findItem(kind, word, all);
      found.set(item.id, item);
    } catch (thrown) {
      if (!(thrown instanceof MusterError)) throw thrown;
      missing.push(thrown);
    }
  }
  return { items: [...found.values()], missing };
}

/** One error for several: a single one stands for itself. */
export function partial(errors: readonly MusterError[], total: number): MusterError {
  const [first] = errors;
  if (first && total === 1) return first;
  const reasons = errors.map((error) => error.message).join("; ");
  return new MusterError("PARTIAL", `${errors.length} of ${total} failed: ${reasons}`);
}
