/**
 * What has to be true at a record. Every key is checked, so a key that is not known is a mistake: an expectation that
 * nobody looks at would tell that all is well.
 */
import * as v from "valibot";
import { compiles, isPattern, isSwift } from "./pattern.ts";

const note = v.description;

/** `/.../` is a regular expression, anything else has to occur as it stands. */
const pattern = v.pipe(
  v.string(),
  v.check((text) => !isPattern(text) || compiles(text), "is not a regular expression"),
  v.check(
    (text) => !isPattern(text) || isSwift(text),
    "could take for ever: fewer repetitions, and none within another",
  ),
);
const patterns = v.union([pattern, v.array(pattern)]);

export const ExpectSchema = v.strictObject({
  screen: v.pipe(v.optional(patterns), note("each stands on some line of the screen")),
  noScreen: v.pipe(v.optional(patterns), note("none stands on any line")),
  line: v.pipe(
    v.optional(
      v.strictObject({
        n: v.pipe(v.optional(v.number()), note("number of the line, from 1; from -1 upwards")),
        of: v.pipe(v.optional(v.string()), note("the line of this item; its id may be without the node")),
        has: patterns,
      }),
    ),
    note("one line of the screen"),
  ),
  style: v.pipe(
    v.optional(
      v.strictObject({
        of: v.pipe(v.string(), note("the item; its id may be without the node")),
        id: v.pipe(v.string(), note("of the column of the list, such as state")),
        token: v.pipe(v.string(), note("what it is painted as: text, dim, ok, warn, error, busy and the like")),
      }),
    ),
    note("what a cell means by its colour, whatever colours the terminal has"),
  ),
  cursor: v.pipe(v.optional(v.nullable(v.string())), note("id of the selected item; it may be without the node")),
  pane: v.optional(v.string()),
  focus: v.pipe(v.optional(v.string()), note("list, detail, or the dialog or field that takes the keys")),
  dialog: v.optional(
    v.nullable(
      v.strictObject({
        title: v.pipe(v.optional(pattern), note("a line of the screen while the dialog is open")),
        text: v.optional(patterns),
        focus: v.pipe(v.optional(v.string()), note("the marked button: cancel or accept")),
        type: v.optional(v.string()),
      }),
    ),
  ),
  footerHas: v.pipe(v.optional(patterns), note("the last line")),
  toast: v.optional(v.nullable(pattern)),
  events: v.pipe(
    v.optional(
      v.array(
        v.strictObject({
          code: v.optional(v.string()),
          target: v.optional(v.nullable(v.string())),
          severity: v.optional(v.string()),
          message: v.optional(pattern),
        }),
      ),
    ),
    note("each happened; several in this order"),
  ),
  audit: v.pipe(
    v.optional(
      v.array(
        v.strictObject({
          action: v.optional(v.string()),
          target: v.optional(v.string()),
          outcome: v.optional(v.string()),
          message: v.optional(pattern),
        }),
      ),
    ),
    note("each was asked for and ended so; several in this order"),
  ),
  json: v.pipe(
    v.optional(
      v.strictObject({
        cmd: v.pipe(v.array(v.string()), note("such as daemons get sshd")),
        pick: v.pipe(v.string(), note("such as items[0].state")),
        is: v.unknown(),
      }),
    ),
    note("a value of the document that the command writes of this moment"),
  ),
  golden: v.pipe(
    v.optional(v.pipe(v.string(), v.regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/))),
    note("the whole screen, as it is kept"),
  ),
  reader: v.pipe(
    v.optional(patterns),
    note("each is in some line that a screen reader was told since the last key or expectation"),
  ),
  bytesMax: v.pipe(v.optional(v.number()), note("bytes written to the terminal since the expectation before")),
});
export type Expectation = Readonly<v.InferOutput<typeof ExpectSchema>>;
