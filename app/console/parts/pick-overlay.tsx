/** Processes to choose one from, searched by typing; what belongs somewhere already says to what. */
import type { ProcessRow } from "#core/service/processes.ts";
import { cutEnd, pad, wrap } from "../cells.ts";
import type { Rect } from "../layout.ts";
import { plain, type Skin, type Span } from "../skin.ts";
import type { TextField } from "../text-field.ts";
import { Dialog, innerColumns } from "./dialog.tsx";
import { fieldSpans } from "./field.ts";

export interface PickOverlayProps {
  readonly skin: Skin;
  readonly body: Rect;
  readonly field: TextField;
  /** Those that fit. */
  readonly rows: readonly ProcessRow[];
  /** null while they are read. */
  readonly total: number | null;
  readonly row: number;
  readonly problem: string | null;
  readonly title: string;
  holderOf(process: ProcessRow): string | null;
}

const COLUMNS = 110;
const PID_COLUMNS = 7;
const USER_COLUMNS = 10;
/** The whole command of the marked line, which may be cut in the list. */
const WHOLE_ROWS = 2;
/** Frame, search line, an empty line above and below the list. */
const CHROME = 5 + WHOLE_ROWS;

/** Lines of processes in a dialog over `body`: also how far a page goes. */
export const pickRoom = (body: Rect): number => Math.max(1, body.rows - CHROME);

export function PickOverlay(props: PickOverlayProps) {
  const { skin, body, field, rows, total, row, problem, title, holderOf } = props;
  const room = pickRoom(body);
  const columns = innerColumns(body, COLUMNS);
  const offset = Math.max(0, Math.min(row - Math.floor(room / 2), rows.length - room));
  const shown = rows.slice(offset, offset + room);
  const count = total === null ? "" : `  ${rows.length} of ${total}`;
  const lines: (readonly Span[])[] = [
    [{ text: "search: ", tone: "dim" }, ...fieldSpans(skin, field), { text: count, tone: "dim" }],
    [],
    ...shown.map((process, index) => processLine(skin, process, holderOf(process), offset + index === row)),
  ];
  if (rows.length === 0) {
    const text = total === null ? "Reading the processes..." : "No process fits: Ctrl-U clears, Esc closes";
    lines.push([{ text, tone: "dim" }]);
  }
  const below = problem ?? rows[row]?.command ?? "";
  const whole = wrap(plain(skin, below), columns).slice(0, WHOLE_ROWS);
  lines.push([]);
  for (let index = 0; index < WHOLE_ROWS; index++) {
    lines.push([{ text: whole[index] ?? "", tone: problem === null ? "dim" : "warn" }]);
  }
  return <Dialog skin={skin} body={body} title={plain(skin, title)} lines={lines} columns={COLUMNS} />;
}

function processLine(skin: Skin, process: ProcessRow, holder: string | null, isMarked: boolean): readonly Span[] {
  const user = cutEnd(plain(skin, process.user), USER_COLUMNS, skin.glyphs.ellipsis);
  return [
    { text: isMarked ? `${skin.glyphs.cursor} ` : "  ", tone: "accent" },
    { text: `${pad(String(process.pid), PID_COLUMNS, "right")}  `, tone: isMarked ? "strong" : "accent" },
    { text: `${pad(user, USER_COLUMNS, "left")}  `, tone: "dim" },
    ...(holder === null ? [] : [{ text: `in ${plain(skin, holder)}: `, tone: "warn" } as const]),
    { text: plain(skin, process.command), tone: isMarked ? "strong" : "text" },
  ];
}
