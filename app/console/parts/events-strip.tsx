/** The newest events under list and detail, newest first. */
import { aboutText, severityCell } from "#app/panes/events.ts";
import { fullTime } from "#app/panes/measures.ts";
import type { MusterEvent } from "#core/model/event.ts";
import type { Snapshot } from "#core/store/snapshot.ts";
import type { Rect } from "../layout.ts";
import { cellText, fit, line, plain, type Skin } from "../skin.ts";
import { Region } from "./region.tsx";

export interface EventsStripProps {
  readonly skin: Skin;
  readonly rect: Rect;
  readonly events: readonly MusterEvent[];
  /** Where the names are of what events are about. */
  readonly snapshot: Snapshot;
}

export function EventsStrip({ skin, rect, events, snapshot }: EventsStripProps) {
  const { horizontal } = skin.glyphs;
  const title = `${horizontal.repeat(2)} Events, newest first `;
  const heading = skin.theme.paint("dim", title + horizontal.repeat(Math.max(0, rect.columns - title.length)));
  const lines = events
    .slice(0, rect.rows - 1)
    .map((event) => eventLine(skin, event, plain(skin, aboutText(event, snapshot)), rect.columns));
  return <Region rect={rect} lines={[heading, ...lines]} />;
}

function eventLine(skin: Skin, event: MusterEvent, about: string, columns: number): string {
  const severity = severityCell(event);
  const tone = severity.tone ?? "text";
  return line(
    skin,
    [
      { text: `  ${fullTime(Date.parse(event.at)).slice(5)}  `, tone: "dim" },
      { text: fit(skin, cellText(skin, severity), { columns: 9, align: "left", cut: "end" }), tone },
      { text: fit(skin, about, { columns: 26, align: "left", cut: "middle" }) },
      { text: `  ${plain(skin, event.message)}`, tone: event.severity === "info" ? "text" : tone },
    ],
    columns,
  );
}
