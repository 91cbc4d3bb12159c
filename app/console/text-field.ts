/** A line of text that is being typed: pure edits, in graphemes. */
import { graphemes } from "./cells.ts";

export interface TextField {
  readonly text: string;
  /** In graphemes from the start. */
  readonly caret: number;
}

export const textField = (text = ""): TextField => ({ text, caret: graphemes(text).length });

/** Of characters: nobody types more, and each key looks at them all. */
const LONGEST = 4096;

/** What there is no room for is left out as a whole: the half of a command would be another one. */
export function insert(field: TextField, text: string): TextField {
  if (field.text.length + text.length > LONGEST) return field;
  const parts = graphemes(field.text);
  const before = parts.slice(0, field.caret).join("") + text;
  return { text: before + parts.slice(field.caret).join(""), caret: graphemes(before).length };
}

function cut(field: TextField, from: number, to: number): TextField {
  const parts = graphemes(field.text);
  return { text: [...parts.slice(0, from), ...parts.slice(to)].join(""), caret: from };
}

function wordStart(field: TextField): number {
  const parts = graphemes(field.text);
  let at = field.caret;
  while (at > 0 && parts[at - 1] === " ") at--;
  while (at > 0 && parts[at - 1] !== " ") at--;
  return at;
}

/** null: the key means nothing to a text field. */
export function edit(field: TextField, key: string): TextField | null {
  const end = graphemes(field.text).length;
  switch (key) {
    case "backspace":
      return field.caret === 0 ? field : cut(field, field.caret - 1, field.caret);
    case "delete":
      return cut(field, field.caret, field.caret + 1);
    case "left":
      return { ...field, caret: Math.max(0, field.caret - 1) };
    case "right":
      return { ...field, caret: Math.min(end, field.caret + 1) };
    case "home":
    case "ctrl-a":
      return { ...field, caret: 0 };
    case "end":
    case "ctrl-e":
      return { ...field, caret: end };
    case "ctrl-u":
      return cut(field, 0, field.caret);
    case "ctrl-w":
      return cut(field, wordStart(field), field.caret);
    case "space":
      return insert(field, " ");
  }
  return graphemes(key).length === 1 ? insert(field, key) : null;
}

/** The text in three parts, so that the caret can be drawn. */
export function aroundCaret(field: TextField): readonly [string, string, string] {
  const parts = graphemes(field.text);
  return [parts.slice(0, field.caret).join(""), parts[field.caret] ?? " ", parts.slice(field.caret + 1).join("")];
}
