/**
 * Moments to begin again from: going back is going to the one before and folding what lies between. They share what did not
 * change, so one costs about as much as the maps of its snapshot.
 */
import type { Skin } from "#app/console/skin.ts";
import type { UiState } from "#app/console/ui-state.ts";
import type { Snapshot } from "#core/store/snapshot.ts";

export interface Keyframe {
  /** The record that comes next. */
  readonly index: number;
  readonly clockMs: number;
  readonly snapshot: Snapshot;
  readonly ui: UiState;
  readonly auditRows: number;
  readonly isReadOnly: boolean;
  readonly skin: Skin;
}

const EVERY_RECORDS = 500;
const EVERY_MS = 5000;
/** With more than these every other one goes, and new ones come half as often. */
const MOST = 256;

export class Keyframes {
  /** By index. */
  #frames: Keyframe[] = [];
  #spacing = 1;

  /** Whether one is wanted at this place. */
  isDue(index: number, clockMs: number): boolean {
    const before = this.before(index);
    if (!before) return true;
    if (before.index === index) return false;
    const isFar = index - before.index >= EVERY_RECORDS * this.#spacing;
    return isFar || clockMs - before.clockMs >= EVERY_MS * this.#spacing;
  }

  add(frame: Keyframe): void {
    const at = this.#frames.findLastIndex(({ index }) => index < frame.index) + 1;
    this.#frames.splice(at, 0, frame);
    if (this.#frames.length <= MOST) return;
    this.#frames = this.#frames.filter((_, place) => place % 2 === 0);
    this.#spacing *= 2;
  }

  /** The last one at or before a record. */
  before(index: number): Keyframe | undefined {
    let low = 0;
    let high = this.#frames.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#frames[middle]?.index ?? 0) <= index) low = middle + 1;
      else high = middle;
    }
    return this.#frames[low - 1];
  }
}

/** Only what is plain data can be begun again from: no answer is waited for, nothing leaves by itself. */
export function isStill(ui: UiState): boolean {
  const isWaiting = ui.layers.some((layer) => layer.type === "pick" && layer.processes === null);
  return ui.running.size === 0 && ui.toast === null && !isWaiting;
}
