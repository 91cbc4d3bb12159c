/** What a module or a job answered: a sentence, and names with values, scrolled where they are many. */
import { wrap } from "../cells.ts";
import type { Rect } from "../layout.ts";
import { plain, type Skin, type Span } from "../skin.ts";
import { Dialog, innerColumns } from "./dialog.tsx";

export interface AnswerText {
  readonly message: string;
  readonly facts: readonly (readonly [name: string, text: string])[];
}

export interface AnswerDialogProps extends AnswerText {
  readonly skin: Skin;
  readonly body: Rect;
  readonly title: string;
  readonly offset: number;
}

const COLUMNS = 76;
const MOST_NAME_COLUMNS = 28;
/** Frame, and the line that tells how much there is below. */
const CHROME = 3;

/** Its lines, and how many of them there is room for. */
export function answerText(skin: Skin, body: Rect, { message, facts }: AnswerText) {
  const inner = innerColumns(body, COLUMNS);
  const names = Math.min(
    MOST_NAME_COLUMNS,
    Math.floor(inner / 2),
    Math.max(0, ...facts.map(([name]) => plain(skin, name).length)) + 2,
  );
  const lines: (readonly Span[])[] = wrap(plain(skin, message), inner).map((text) => [{ text, tone: "strong" }]);
  if (facts.length > 0) lines.push([]);
  for (const [name, value] of facts) {
    const texts = wrap(plain(skin, value), inner - names);
    for (const [index, text] of texts.entries()) {
      lines.push([
        { text: (index === 0 ? plain(skin, name) : "").padEnd(names).slice(0, names), tone: "dim" },
        { text },
      ]);
    }
  }
  return { lines, room: Math.max(1, body.rows - CHROME) };
}

export function AnswerDialog({ skin, body, title, message, facts, offset }: AnswerDialogProps) {
  const { lines, room } = answerText(skin, body, { message, facts });
  const below = lines.length - offset - room;
  const more = below > 0 ? `${skin.glyphs.more} ${below} more, ` : "";
  const shown = [...lines.slice(offset, offset + room), [{ text: `${more}Enter closes`, tone: "dim" } as const]];
  return <Dialog skin={skin} body={body} title={plain(skin, title)} lines={shown} columns={COLUMNS} />;
}
