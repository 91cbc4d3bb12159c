/** The first record of a fixture: which format it is, whose node it tells of, and how the terminal was. */
import * as v from "valibot";

export const FORMAT_VERSION = 1;

const note = v.description;

/** By how many there are. */
export const COLORS = ["mono", "ansi16", "ansi256", "truecolor"] as const;
export type Color = (typeof COLORS)[number];

/** A terminal smaller or larger than this is nobody's. */
const cells = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(1000));

export const HeaderSchema = v.object({
  muster: v.pipe(v.literal(FORMAT_VERSION), note("version of the format")),
  title: v.optional(v.string()),
  start: v.pipe(
    v.optional(v.string()),
    note("wall clock at the first record, RFC 3339; 2026-01-01T00:00:00Z if left out"),
  ),
  host: v.pipe(v.optional(v.string()), note("name of the node, as in ids; `node` if left out")),
  term: v.optional(
    v.object({
      cols: v.optional(cells),
      rows: v.optional(cells),
      unicode: v.pipe(v.optional(v.boolean()), note("false: ASCII only")),
      color: v.optional(v.picklist(COLORS)),
    }),
  ),
  seed: v.pipe(v.optional(v.number()), note("of ids of requests")),
  caps: v.pipe(v.optional(v.record(v.string(), v.unknown())), note("what the host offered; for people")),
  recordedBy: v.optional(v.string()),
  redacted: v.pipe(v.optional(v.array(v.string())), note("what was taken out when it was recorded")),
  requires: v.pipe(v.optional(v.array(v.string())), note("what of the format its player has to know; none yet")),
});
export type Header = Readonly<v.InferOutput<typeof HeaderSchema>>;
