/** Where an item leads to, if it leads to several places: as many lines as there is room for, the marked one among them. */
import type { Place } from "#app/panes/pane.ts";
import type { Rect } from "../layout.ts";
import { plain, type Skin, type Span } from "../skin.ts";
import { Dialog } from "./dialog.tsx";

export interface PlacesMenuProps {
  readonly skin: Skin;
  readonly body: Rect;
  readonly title: string;
  readonly places: readonly Place[];
  readonly row: number;
}

const COLUMNS = 60;
/** Frame, and the line that tells how many there are. */
const CHROME = 3;

/** Lines of places in a dialog over `body`: also how far a page goes. */
export const placesRoom = (body: Rect): number => Math.max(1, body.rows - CHROME);

export function PlacesMenu({ skin, body, title, places, row }: PlacesMenuProps) {
  const room = placesRoom(body);
  const offset = Math.max(0, Math.min(row - Math.floor(room / 2), places.length - room));
  const lines: (readonly Span[])[] = places.slice(offset, offset + room).map(({ label }, index): readonly Span[] => {
    const isMarked = offset + index === row;
    return [
      { text: isMarked ? `${skin.glyphs.cursor} ` : "  ", tone: "accent" },
      { text: plain(skin, label), tone: isMarked ? "strong" : "text" },
    ];
  });
  lines.push([{ text: `${row + 1}/${places.length}  Enter goes there, Esc closes`, tone: "dim" }]);
  return <Dialog skin={skin} body={body} title={plain(skin, title)} lines={lines} columns={COLUMNS} />;
}
