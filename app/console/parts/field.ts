/** A text field with its caret: inverse video, and in ASCII also without it the place can be told by the text before. */
import { plain, type Skin, type Span } from "../skin.ts";
import { aroundCaret, type TextField } from "../text-field.ts";

export function fieldSpans(skin: Skin, field: TextField): readonly Span[] {
  const [before, at, after] = aroundCaret(field);
  return [{ text: plain(skin, before) }, { text: plain(skin, at), tone: "marked" }, { text: plain(skin, after) }];
}
