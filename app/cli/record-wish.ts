/** What the options of `record` ask for. */
import { KIND_NAMES, type Kind } from "#core/model/kind-names.ts";
import { createRedactor, REDACTIONS, type Redaction, type Redactor } from "#core/playback/redact.ts";
import { type OptionValues, usage } from "./option-values.ts";
import { didYouMean } from "./suggest.ts";

export interface RecordWish {
  readonly path: string;
  readonly isReplacing: boolean;
  readonly forMs: number | null;
  readonly lastMs: number | null;
  readonly hasKeys: boolean;
  readonly kinds: readonly Kind[];
  readonly maxBytes: number | null;
  /** A key of its own each time. */
  readonly redactor: () => Redactor;
}

/** Less holds hardly more than a header. */
const LEAST_BYTES = 4096;

export function recordWish(path: string, options: OptionValues): RecordWish {
  const take = namesOf<Redaction>(options.text("redact"), REDACTIONS, "--redact") ?? [];
  const keepsSecrets = options.has("keep-argv");
  if (keepsSecrets && take.includes("argv"))
    throw usage("--keep-argv and --redact argv exclude each other", "--keep-argv");
  const wish: RecordWish = {
    path,
    isReplacing: options.has("force"),
    forMs: millisecondsOf(options, "for"),
    lastMs: millisecondsOf(options, "last"),
    hasKeys: options.has("keys"),
    kinds: namesOf<Kind>(options.text("kinds"), KIND_NAMES, "--kinds") ?? KIND_NAMES,
    maxBytes: sizeOf(options.text("max-size")),
    redactor: () => createRedactor({ take, keepsSecrets, key: crypto.getRandomValues(new Uint8Array(32)) }),
  };
  if (wish.hasKeys && wish.lastMs !== null) {
    throw usage(
      "--keys and --last exclude each other",
      "--last",
      "'muster --last TIME' is the console that keeps its last minutes: W writes them",
    );
  }
  return wish;
}

function millisecondsOf(options: OptionValues, name: string): number | null {
  const seconds = options.number(name);
  if (seconds === 0) throw usage(`--${name} must be more than 0`, `--${name}`);
  return seconds === null ? null : seconds * 1000;
}

function namesOf<T extends string>(text: string | null, known: readonly T[], option: string): readonly T[] | null {
  if (text === null) return null;
  const names = text.split(",");
  for (const name of names) {
    if ((known as readonly string[]).includes(name)) continue;
    throw usage(`${option} does not know '${name}'`, option, didYouMean(name, known) ?? `it knows ${known.join(", ")}`);
  }
  return [...new Set(names)] as T[];
}

const UNITS: Readonly<Record<string, number>> = { "": 1, K: 1024, M: 1024 ** 2, G: 1024 ** 3 };

function sizeOf(text: string | null): number | null {
  if (text === null) return null;
  const match = /^(\d{1,12})([KMG]?)$/i.exec(text);
  const unit = UNITS[match?.[2]?.toUpperCase() ?? ""];
  if (!match || unit === undefined)
    throw usage(`--max-size needs a size such as 500K, 100M or 2G, not '${text}'`, "--max-size");
  const bytes = Number(match[1]) * unit;
  if (bytes < LEAST_BYTES) throw usage(`--max-size must be at least ${LEAST_BYTES} bytes`, "--max-size");
  return bytes;
}
