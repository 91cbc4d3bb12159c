/** Where the operator is at a record of a fixture, as settings that lead there again; null if he did nothing before it. */
import type { PaneState, UiState } from "#app/console/ui-state.ts";
import { PANE_IDS } from "#app/panes/pane.ts";
import type { Fixture } from "#core/playback/fixture.ts";
import type { RecordKind, Setting } from "#core/playback/record.ts";
import { goldensOf } from "./golden.ts";
import { rehearse } from "./rehearsal.ts";

export interface PlaceAt {
  /** One for each pane where he was; that of the pane in front is the last. */
  readonly settings: readonly Setting[];
  /** A dialog or a field is open: no setting opens it again. */
  readonly isInLayer: boolean;
}

const MOVING: readonly RecordKind[] = ["key", "keys", "text", "paste", "action", "set"];

export async function placeAt(fixture: Fixture, index: number): Promise<PlaceAt | null> {
  if (!MOVING.some((kind) => isBefore(fixture, kind, index))) return null;
  const { cols: columns = 80, rows = 24 } = fixture.header.term ?? {};
  const { ui } = await rehearse({
    fixture,
    size: { columns, rows },
    theme: { colorLevel: 0, isAscii: false, isMotionless: true },
    hasKeys: true,
    from: index,
    to: index,
    goldens: goldensOf(fixture.path, false),
    version: "",
    isEachDrawn: false,
    isStrict: false,
  });
  return { settings: settingsOf(ui, fixture.node), isInLayer: ui.layers.length > 0 };
}

function isBefore(fixture: Fixture, kind: RecordKind, end: number): boolean {
  for (let index = 0; index < end; index++) if (fixture.kindOf(index) === kind) return true;
  return false;
}

function settingsOf({ pane: front, panes }: UiState, node: string): readonly Setting[] {
  const behind = PANE_IDS.filter(
    (pane) => pane !== front && (panes[pane].cursor !== null || panes[pane].filter !== ""),
  );
  return [...behind, front].map((pane) => ({ pane, ...settingOf(panes[pane], node) }));
}

function settingOf({ cursor, filter, isDetailOpen }: PaneState, node: string): Setting {
  return {
    ...(filter === "" ? {} : { filter }),
    ...(cursor === null ? {} : { cursor: cursor.startsWith(`${node}/`) ? cursor.slice(node.length + 1) : cursor }),
    ...(isDetailOpen ? { detail: true } : {}),
  };
}
