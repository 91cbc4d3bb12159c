/** One line to be typed before an action goes on. */
import { wrap } from "../cells.ts";
import type { Rect } from "../layout.ts";
import type { TypedField } from "../policy-typing.ts";
import { plain, type Skin, type Span } from "../skin.ts";
import type { TextField } from "../text-field.ts";
import { Dialog, innerColumns } from "./dialog.tsx";
import { fieldSpans } from "./field.ts";

export interface PromptDialogProps {
  readonly skin: Skin;
  readonly body: Rect;
  readonly title: string;
  readonly label: string;
  readonly description: string;
  readonly field: TextField;
  readonly problem: string | null;
  /** What the parts of the text mean, one a line. */
  readonly typed?: readonly TypedField[];
}

const COLUMNS = 66;

export function PromptDialog({ skin, body, title, label, description, field, problem, typed = [] }: PromptDialogProps) {
  const inner = innerColumns(body, COLUMNS);
  const lines: (readonly Span[])[] = [
    [],
    [{ text: `${label}: `, tone: "dim" }, ...fieldSpans(skin, field, inner - label.length - 2)],
    [],
  ];
  const names = Math.max(0, ...typed.map(({ name }) => name.length)) + 2;
  for (const { name, text, isCurrent } of typed) {
    const mark = isCurrent ? `${skin.glyphs.cursor} ` : "  ";
    for (const [index, part] of wrap(plain(skin, text), inner - mark.length - names).entries()) {
      lines.push([
        { text: index === 0 ? mark : "  ", tone: "accent" },
        { text: (index === 0 ? plain(skin, name) : "").padEnd(names), tone: "dim" },
        { text: part, tone: isCurrent ? "strong" : "text" },
      ]);
    }
  }
  if (typed.length > 0) lines.push([]);
  if (problem !== null) for (const text of wrap(plain(skin, problem), inner)) lines.push([{ text, tone: "warn" }]);
  for (const text of wrap(plain(skin, description), inner)) lines.push([{ text, tone: "dim" }]);
  lines.push([]);
  return <Dialog skin={skin} body={body} title={plain(skin, title)} lines={lines} columns={COLUMNS} />;
}
