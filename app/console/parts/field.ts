/** A text field with its caret: inverse video, and in ASCII also without it the place can be told by the text before. */
import { graphemes, widthOf } from "../cells.ts";
import { plain, type Skin, type Span } from "../skin.ts";
import { aroundCaret, type TextField } from "../text-field.ts";

/** `columns`: of a text that is wider as much as lets the caret be seen; left out: all of it. */
export function fieldSpans(skin: Skin, field: TextField, columns = Number.POSITIVE_INFINITY): readonly Span[] {
  const [all, at, after] = aroundCaret(field);
  const room = columns - widthOf(plain(skin, at));
  const before = widthOf(plain(skin, all)) > room ? skin.glyphs.ellipsis + tailOf(skin, all, room - 1) : all;
  return [
    { text: before === all ? plain(skin, all) : before },
    { text: plain(skin, at), tone: "marked" },
    { text: plain(skin, after) },
  ];
}

function tailOf(skin: Skin, text: string, columns: number): string {
  const parts = graphemes(plain(skin, text));
  let used = 0;
  let from = parts.length;
  while (from > 0 && used + widthOf(parts[from - 1] ?? "") <= columns) used += widthOf(parts[--from] ?? "");
  return parts.slice(from).join("");
}
