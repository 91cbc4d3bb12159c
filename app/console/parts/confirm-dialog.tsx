/** Verb, exact object, consequence; Cancel is marked first. Says so if the object went or became another meanwhile. */
import { wrap } from "../cells.ts";
import type { ConfirmView } from "../confirm-view.ts";
import type { Rect } from "../layout.ts";
import { plain, type Skin, type Span, sign } from "../skin.ts";
import { Dialog, innerColumns } from "./dialog.tsx";

export interface ConfirmDialogProps extends ConfirmView {
  readonly skin: Skin;
  readonly body: Rect;
}

const COLUMNS = 66;
const FRAME_ROWS = 2;

export function ConfirmDialog({ skin, body, verb, question, facts, consequence, change, choice }: ConfirmDialogProps) {
  const inner = innerColumns(body, COLUMNS);
  const lines: (readonly Span[])[] = [[]];
  const names = Math.max(10, ...facts.map(([name]) => name.length + 2));
  for (const [name, value] of facts) {
    const texts = wrap(plain(skin, value), inner - names);
    for (const [index, text] of texts.entries()) {
      lines.push([
        { text: (index === 0 ? name : "").padEnd(names), tone: "dim" },
        { text, tone: "strong" },
      ]);
    }
  }
  lines.push([]);
  for (const text of wrap(plain(skin, consequence), inner)) lines.push([{ text }]);
  const last: (readonly Span[])[] = [];
  if (change !== null) {
    last.push([]);
    for (const text of wrap(`${sign(skin, "warn")} ${plain(skin, change)}`, inner)) last.push([{ text, tone: "warn" }]);
  }
  last.push([], buttons(skin, verb, choice), []);
  const all = fitted(lines, last, body.rows - FRAME_ROWS);
  return <Dialog skin={skin} body={body} title={plain(skin, question)} lines={all} columns={COLUMNS} />;
}

/** Where there is no room empty lines go first, then what is told last; what changed and the buttons are always seen. */
function fitted(lines: readonly (readonly Span[])[], last: readonly (readonly Span[])[], rows: number) {
  if (lines.length + last.length <= rows) return [...lines, ...last];
  const isTold = (line: readonly Span[]) => line.length > 0;
  const kept = last.filter(isTold);
  return [...lines.filter(isTold).slice(0, Math.max(0, rows - kept.length)), ...kept];
}

/** The marked button is in inverse video and has the cursor's sign. */
function buttons(skin: Skin, verb: string, choice: "cancel" | "accept"): readonly Span[] {
  const button = (text: string, isMarked: boolean): Span =>
    isMarked ? { text: `${skin.glyphs.cursor} ${text} `, tone: "marked" } : { text: `  ${text} ` };
  return [
    button("Cancel", choice === "cancel"),
    { text: "   " },
    button(verb, choice === "accept"),
    { text: "     y " },
    { text: "yes", tone: "dim" },
    { text: "  n " },
    { text: "cancel", tone: "dim" },
  ];
}
