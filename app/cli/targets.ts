/** Names on the command line -> items: an exact name or full id, else a label that only one item has. */
import type { Daemon } from "#core/model/daemon.ts";
import { MusterError } from "#core/model/error.ts";
import { nearest } from "./suggest.ts";

/** Throws NOT_FOUND with the nearest name, AMBIGUOUS with the candidates. */
export function findDaemon(word: string, daemons: Iterable<Daemon>): Daemon {
  const all = [...daemons];
  const exact = all.find((daemon) => daemon.id === word || daemon.name === word);
  if (exact) return exact;
  const labelled = all.filter((daemon) => daemon.label === word);
  const [only, ...others] = labelled;
  if (only && others.length === 0) return only;
  if (only) {
    throw new MusterError("AMBIGUOUS", `'${word}' fits ${labelled.length} daemons`, {
      target: word,
      hint: `give one of: ${labelled.map((daemon) => daemon.name).join(", ")}`,
    });
  }
  const near = nearest(word, new Set(all.flatMap((daemon) => [daemon.label, daemon.name])));
  throw new MusterError("NOT_FOUND", `no daemon '${word}'`, {
    target: word,
    hint: near === null ? "'muster daemons list' shows all" : `did you mean '${near}'?`,
  });
}

export interface Found {
  readonly daemons: readonly Daemon[];
  readonly missing: readonly MusterError[];
}

/** Each item once, in the order of the words. */
export function findDaemons(words: readonly string[], daemons: Iterable<Daemon>): Found {
  const all = [...daemons];
  const found = new Map<string, Daemon>();
  const missing: MusterError[] = [];
  for (const word of new Set(words)) {
    try {
      const daemon = findDaemon(word, all);
      found.set(daemon.id, daemon);
    } catch (thrown) {
      if (!(thrown instanceof MusterError)) throw thrown;
      missing.push(thrown);
    }
  }
  return { daemons: [...found.values()], missing };
}

/** One error for several: a single one stands for itself. */
export function partial(errors: readonly MusterError[], total: number): MusterError {
  const [first] = errors;
  if (first && total === 1) return first;
  const reasons = errors.map((error) => error.message).join("; ");
  return new MusterError("PARTIAL", `${errors.length} of ${total} failed: ${reasons}`);
}
