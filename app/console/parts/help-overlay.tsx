/** Every key of the context below, searched by typing; Enter does what is marked. */
import { pad, widthOf, wrap } from "../cells.ts";
import type { HelpEntry } from "../help-entries.ts";
import type { Rect } from "../layout.ts";
import { plain, type Skin, type Span } from "../skin.ts";
import type { TextField } from "../text-field.ts";
import { Dialog, innerColumns } from "./dialog.tsx";
import { fieldSpans } from "./field.ts";

export interface HelpOverlayProps {
  readonly skin: Skin;
  readonly body: Rect;
  readonly title: string;
  readonly entries: readonly HelpEntry[];
  readonly row: number;
  readonly field: TextField;
}

const COLUMNS = 96;
/** The whole of the marked line, which may be cut in the list. */
const WHOLE_ROWS = 2;
/** Frame, search line, an empty line above and below the list. */
const CHROME = 5 + WHOLE_ROWS;

export function HelpOverlay({ skin, body, title, entries, row, field }: HelpOverlayProps) {
  const room = Math.max(1, body.rows - CHROME);
  const offset = Math.max(0, Math.min(row - Math.floor(room / 2), entries.length - room));
  const keyColumns = Math.max(4, ...entries.map((entry) => widthOf(entry.keys)));
  const lines: (readonly Span[])[] = [
    [{ text: "search: ", tone: "dim" }, ...fieldSpans(skin, field)],
    [],
    ...entries
      .slice(offset, offset + room)
      .map((entry, index) => entryLine(skin, entry, keyColumns, offset + index === row)),
  ];
  if (entries.length === 0) lines.push([{ text: "No key matches: Esc closes", tone: "dim" }]);
  lines.push([], ...wholeLines(skin, entries[row], innerColumns(body, COLUMNS)));
  return <Dialog skin={skin} body={body} title={title} lines={lines} columns={COLUMNS} />;
}

function wholeLines(skin: Skin, entry: HelpEntry | undefined, columns: number): readonly (readonly Span[])[] {
  const text = entry === undefined ? "" : entry.reason === null ? entry.title : `Not now: ${entry.reason}`;
  const lines = wrap(plain(skin, text), columns).slice(0, WHOLE_ROWS);
  return Array.from({ length: WHOLE_ROWS }, (_, index) => [{ text: lines[index] ?? "", tone: "dim" as const }]);
}

function entryLine(skin: Skin, entry: HelpEntry, keyColumns: number, isMarked: boolean): readonly Span[] {
  const mark: Span = { text: isMarked ? `${skin.glyphs.cursor} ` : "  ", tone: "accent" };
  const keys = pad(entry.keys, keyColumns + 2, "left");
  if (entry.reason !== null) {
    return [mark, { text: `${keys}${plain(skin, entry.title)} (not now: ${plain(skin, entry.reason)})`, tone: "dim" }];
  }
  return [mark, { text: keys, tone: "accent" }, { text: plain(skin, entry.title), tone: isMarked ? "strong" : "text" }];
}
