/** One line to be typed before an action goes on. */
import { wrap } from "../cells.ts";
import type { Rect } from "../layout.ts";
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
}

const COLUMNS = 66;

export function PromptDialog({ skin, body, title, label, description, field, problem }: PromptDialogProps) {
  const inner = innerColumns(body, COLUMNS);
  const lines: (readonly Span[])[] = [[], [{ text: `${label}: `, tone: "dim" }, ...fieldSpans(skin, field)], []];
  for (const text of wrap(plain(skin, description), inner)) lines.push([{ text, tone: "dim" }]);
  if (problem !== null) for (const text of wrap(plain(skin, problem), inner)) lines.push([{ text, tone: "warn" }]);
  lines.push([]);
  return <Dialog skin={skin} body={body} title={plain(skin, title)} lines={lines} columns={COLUMNS} />;
}
