/** Moving the cursor and keeping it: pure functions of a pane's state, its rows and the height of the list. */
import type { Rows } from "./rows.ts";
import type { PaneState } from "./ui-state.ts";

type Place = Pick<PaneState, "cursor" | "row" | "offset">;

const clamp = (value: number, low: number, high: number) => Math.max(low, Math.min(high, value));

function scrolled(offset: number, row: number, rows: Rows, height: number): number {
  const least = Math.min(offset, row);
  const shown = Math.max(least, row - height + 1);
  return clamp(shown, 0, Math.max(0, rows.ids.length - height));
}

export function moveTo(state: Place, rows: Rows, row: number, height: number): Place {
  if (rows.ids.length === 0) return { cursor: null, row: 0, offset: 0 };
  const at = clamp(row, 0, rows.ids.length - 1);
  return { cursor: rows.ids[at] ?? null, row: at, offset: scrolled(state.offset, at, rows, height) };
}

export function moveBy(state: Place, rows: Rows, delta: number, height: number): Place {
  const at = state.cursor === null ? state.row : rows.indexOf(state.cursor);
  return moveTo(state, rows, (at < 0 ? state.row : at) + delta, height);
}

/**
 * After rows changed: the same item keeps the cursor. A chronicle on its newest entry stays on the newest; anywhere else
 * the text under the reader's eyes does not move. An item that is gone leaves the cursor to its neighbour.
 */
export function keep(state: Place, rows: Rows, height: number, isChronicle: boolean): Place {
  const isAtNewest = isChronicle && state.row === 0 && state.offset === 0;
  const at = state.cursor === null ? -1 : rows.indexOf(state.cursor);
  if (at < 0 || isAtNewest) return moveTo(state, rows, isAtNewest ? 0 : state.row, height);
  const offset = isChronicle ? Math.max(0, state.offset + at - state.row) : state.offset;
  return { cursor: state.cursor, row: at, offset: scrolled(offset, at, rows, height) };
}
