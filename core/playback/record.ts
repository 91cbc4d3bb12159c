/**
 * The records of a fixture (muster/1 playback): one JSON object a line, with one key that says what it is. `dt` is
 * milliseconds since the record before, `at` milliseconds since the beginning.
 */
import * as v from "valibot";
import { ActionIdSchema } from "#core/output/parts.ts";
import type { Effect } from "./effect-records.ts";
import { ArgumentsSchema, EffectSchema } from "./effect-records.ts";
import { type Expectation, ExpectSchema } from "./expectation.ts";
import { COLORS } from "./header.ts";
import type { SourceRecord } from "./source-records.ts";

const note = v.description;
const milliseconds = v.pipe(v.number(), v.finite(), v.minValue(0));
const cells = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(1000));

const KEY_NAME =
  /^(?:\S|[\ud800-\udbff][\udc00-\udfff]|ctrl-[a-z]|enter|esc|space|tab|shift-tab|backspace|delete|up|down|left|right|home|end|pageup|pagedown)$/;
const key = v.pipe(
  v.string(),
  v.regex(KEY_NAME, "is not a key: one character, ctrl-a, enter, esc, space, tab, up, pagedown and the like"),
);

/** Strict: with a switch that nobody turns everything behind it would be something else. */
const SettingSchema = v.strictObject({
  speed: v.pipe(
    v.optional(v.pipe(v.number(), v.minValue(0.25), v.maxValue(64))),
    note("so many times as fast; where somebody looks on"),
  ),
  theme: v.pipe(
    v.optional(v.picklist(COLORS)),
    note("how many colours, as in the header; no more than a terminal has"),
  ),
  ascii: v.pipe(v.optional(v.boolean()), note("signs of ASCII alone, or those of Unicode where there are any")),
  readOnly: v.optional(v.boolean()),
  pane: v.pipe(
    v.optional(v.string()),
    note("the pane in front; this and what follows as if the operator had gone there"),
  ),
  filter: v.pipe(v.optional(v.string()), note("of the pane in front")),
  cursor: v.pipe(v.optional(v.string()), note("id of the item that is selected in it; it may be without the node")),
  detail: v.pipe(v.optional(v.boolean()), note("whether its detail is open")),
  screenReader: v.pipe(v.optional(v.boolean()), note("a screen reader is told what happens, or not any more")),
});
export type Setting = Readonly<v.InferOutput<typeof SettingSchema>>;

/** What it says besides where the operator is. */
export function switchesOf({
  pane: _,
  filter: _filter,
  cursor: _cursor,
  detail: _detail,
  ...switches
}: Setting): Setting {
  return switches;
}

/** Discriminating key -> schema of the whole record but `dt`, `at` and, of sources, what depends on the kind. */
export const RECORD_SCHEMAS = {
  key: v.object({ key }),
  keys: v.object({ keys: v.array(key) }),
  text: v.pipe(v.object({ text: v.string() }), note("typed, a key for each character")),
  paste: v.object({ paste: v.string() }),
  mouse: v.object({
    mouse: v.object({
      x: cells,
      y: cells,
      button: v.optional(v.picklist(["left", "middle", "right", "wheel-up", "wheel-down"]), "left"),
      op: v.optional(v.picklist(["press", "release", "move"]), "press"),
    }),
  }),
  resize: v.object({ resize: v.object({ cols: cells, rows: cells }) }),
  effect: v.object({ effect: EffectSchema }),
  mark: v.pipe(v.object({ mark: v.string() }), note("a place that can be gone to by name")),
  note: v.pipe(v.object({ note: v.string() }), note("for people; not shown")),
  wait: v.object({
    wait: v.object({
      for: v.pipe(ExpectSchema, note("time goes on until this is true")),
      withinMs: v.optional(milliseconds, 10_000),
    }),
  }),
  expect: v.object({ expect: ExpectSchema }),
  set: v.pipe(v.object({ set: SettingSchema }), note("how it goes on from here")),
  action: v.pipe(
    v.object({
      action: ActionIdSchema,
      id: v.optional(v.nullable(v.string()), null),
      arguments: v.optional(ArgumentsSchema),
    }),
    note("what a key of the action would begin, whatever the keys are"),
  ),
  include: v.pipe(v.object({ include: v.string() }), note("another file below this one's directory")),
  end: v.object({ end: v.object({ exitCode: v.optional(v.number()), reason: v.optional(v.string()) }) }),
} as const;

export type RecordKind = "src" | keyof typeof RECORD_SCHEMAS;
export const RECORD_KINDS: readonly RecordKind[] = ["src", ...(Object.keys(RECORD_SCHEMAS) as RecordKind[])];

type Schemas = typeof RECORD_SCHEMAS;
type Inferred<K extends keyof Schemas> = v.InferOutput<Schemas[K]>;

/** A record without its time, as it stands in the file. */
export type FixtureRecord =
  | SourceRecord
  | { [K in Exclude<keyof Schemas, "effect" | "expect">]: Inferred<K> }[Exclude<keyof Schemas, "effect" | "expect">]
  | { readonly effect: Effect }
  | { readonly expect: Expectation };
