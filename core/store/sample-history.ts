/**
 * What endpoints have sent of late, a second a point, for sparklines. Pure: successive looks at the endpoints on a screen
 * make it; nobody keeps more of them than are looked at. A second in which nothing was sent is a gap, not a zero.
 */
import type { Endpoint } from "#core/model/endpoint.ts";

/** Points of each value. */
export const KEPT_POINTS = 60;
/** Endpoints with points; those looked at longest ago are forgotten first. */
export const KEPT_TRACKS = 256;

const POINT_MS = 1000;

/** null: nothing was sent in that second, or NaN. */
export type Points = readonly (number | null)[];

interface Track {
  /** The item that was looked at last: the same one says nothing new. */
  readonly item: Endpoint;
  /** When the newest sample was sent, wall clock. */
  readonly sentMs: number;
  /** By the position of the value. The newest last, all of the same length. */
  readonly values: readonly Points[];
}

export type SampleHistory = ReadonlyMap<string, Track>;

export const NO_HISTORY: SampleHistory = new Map();

/** What is on the screen now. The same object if that says nothing new. `atMs`: wall clock of the newest data. */
export function lookedAt(history: SampleHistory, endpoints: readonly Endpoint[], atMs: number): SampleHistory {
  let next: Map<string, Track> | null = null;
  for (const item of endpoints) {
    const last = history.get(item.id);
    if (last?.item === item || item.sampleAgeSeconds === null) continue;
    next ??= new Map(history);
    // The most recently looked at stand last.
    next.delete(item.id);
    next.set(item.id, tracked(last, item, atMs - item.sampleAgeSeconds * 1000));
  }
  if (next === null) return history;
  for (const id of next.keys()) {
    if (next.size <= KEPT_TRACKS) break;
    next.delete(id);
  }
  return next;
}

function tracked(last: Track | undefined, item: Endpoint, sentMs: number): Track {
  const now = item.sample.map(({ value }) => value);
  const isOther = last === undefined || !isSameController(last.item, item) || sentMs < last.sentMs - POINT_MS;
  if (isOther) return { item, sentMs, values: now.map((value) => [value]) };
  const steps = Math.round((sentMs - last.sentMs) / POINT_MS);
  // Looked at again within the second: the newest of it stands. The clock of the point stays, so that this does not add up.
  if (steps <= 0) return { item, sentMs: last.sentMs, values: now.map((value, at) => [...older(last, at, 0), value]) };
  const gap = new Array<null>(Math.min(steps, KEPT_POINTS) - 1).fill(null);
  return {
    item,
    sentMs,
    values: now.map((value, at) => [...older(last, at, steps), ...gap, value].slice(-KEPT_POINTS)),
  };
}

/** What stands before the new point: without the newest, if that is what is replaced. */
const older = ({ values }: Track, at: number, steps: number): Points => {
  const points = values[at] ?? [];
  return steps > 0 ? points : points.slice(0, -1);
};

/** A controller that attached later, or sends other values, has a past of its own. */
const isSameController = (a: Endpoint, b: Endpoint) =>
  a.agent === b.agent && a.attachedSince === b.attachedSince && a.sample.length === b.sample.length;

/** How late a sample may be before the seconds since count as gaps: it is read once a second, and is up to one old. */
const LATE_POINTS = 2;

/** Oldest first, up to the moment: who has sent nothing for long ends in gaps. Empty without points. */
export function pointsOf(history: SampleHistory, id: string, position: number, atMs: number): Points {
  const track = history.get(id);
  const points = track?.values[position];
  if (!track || !points) return [];
  const missing = Math.round((atMs - track.sentMs) / POINT_MS) - LATE_POINTS;
  if (missing <= 0) return points;
  return [...points, ...new Array<null>(Math.min(missing, KEPT_POINTS)).fill(null)].slice(-KEPT_POINTS);
}

/** The upper end of a scale that begins at 0: 1, 2 or 5 times a power of ten, so that it does not move with every point. */
export function scaleOf(points: Points): number {
  const most = points.reduce<number>(
    (max, point) => (point !== null && Number.isFinite(point) ? Math.max(max, point) : max),
    0,
  );
  if (most <= 0) return 1;
  const power = 10 ** Math.floor(Math.log10(most));
  const step = [1, 2, 5, 10].find((factor) => most <= factor * power) ?? 10;
  return Number((step * power).toPrecision(3));
}

export const LEVELS = 8;

/** 0 to LEVELS - 1; what is below 0 stands at the bottom. */
export function levelsOf(points: Points, scale: number): Points {
  return points.map((point) => {
    if (point === null) return null;
    const level = Math.ceil((point / scale) * LEVELS) - 1;
    return Math.max(0, Math.min(LEVELS - 1, level));
  });
}
