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
  const at = state.cursor === null ? state.row : rowOf(state, rows);
  return moveTo(state, rows, (at < 0 ? state.row : at) + delta, height);
}

/** Where it was last seen it mostly still is: then nothing is searched. */
const rowOf = ({ cursor, row }: Place, rows: Rows): number => {
  if (cursor === null) return -1;
  return rows.ids[row] === cursor ? row : rows.indexOf(cursor);
};

/**
 * To whom the cursor goes when its item is gone: to the next one that is left, else to the one before; in a tree to one
 * beside it, else to what it belonged to, and if that is gone as well to one beside that. null if nothing is left.
 */
export function neighbour(before: Rows, after: Rows, row: number): string | null {
  const isLeft = new Set(after.ids);
  const depthOf = (at: number) => before.branchAt(at)?.depth ?? 0;
  const left = (at: number) => {
    const id = before.ids[at];
    return id !== undefined && isLeft.has(id) ? id : null;
  };
  for (let lost = row; lost >= 0; ) {
    const depth = depthOf(lost);
    for (let at = lost + 1; at < before.ids.length && depthOf(at) >= depth; at++) {
      if (depthOf(at) === depth && left(at) !== null) return left(at);
    }
    let above = lost - 1;
    for (; above >= 0 && depthOf(above) >= depth; above--) {
      if (depthOf(above) === depth && left(above) !== null) return left(above);
    }
    if (left(above) !== null) return left(above);
    lost = above;
  }
  return null;
}

/**
 * After rows changed: the same item keeps the cursor. A chronicle on its newest entry stays on the newest; anywhere else
 * the text under the reader's eyes does not move. An item that is gone leaves the cursor to its neighbour.
 */
export function keep(state: Place, rows: Rows, height: number, isChronicle: boolean): Place {
  const isAtNewest = isChronicle && state.row === 0 && state.offset === 0;
  const at = rowOf(state, rows);
  if (at < 0 || isAtNewest) return moveTo(state, rows, isAtNewest ? 0 : state.row, height);
  const offset = isChronicle ? Math.max(0, state.offset + at - state.row) : state.offset;
  return { cursor: state.cursor, row: at, offset: scrolled(offset, at, rows, height) };
}
