/** Modes and doubts that are loud and permanent: REPLAY, READ-ONLY, REC, FROZEN, STALE. */
import { clockTime } from "#app/panes/measures.ts";
import { staleSinceWallMs } from "#core/store/select.ts";
import type { ConsoleState } from "./console-store.ts";
import type { Desk } from "./desk.ts";
import { paneOf, shelvesOf } from "./view.ts";

export function flagsOf(desk: Desk, state: ConsoleState): readonly string[] {
  const flags: string[] = desk.replay ? ["REPLAY"] : [];
  if (desk.service.isReadOnly) flags.push("READ-ONLY");
  if (state.ui.isRecording) flags.push("REC");
  if (state.ui.isFrozen) flags.push("FROZEN");
  const shelves = shelvesOf(state.latest, paneOf(state));
  const stale = shelves.flatMap((shelf) => staleSinceWallMs(shelf, desk.clock.nowMs(), desk.clock.wallMs()) ?? []);
  if (stale.length > 0) flags.push(`STALE since ${clockTime(Math.min(...stale))}`);
  else if (shelves.some(({ status, items }) => status === "failed" && items.size > 0)) flags.push("STALE");
  return flags;
}
