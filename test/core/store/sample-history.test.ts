/** What is kept of samples: a point a second, gaps where nothing was sent, bounds, and nothing where nothing is new. */
import { expect, test } from "bun:test";
import fc from "fast-check";
import type { Endpoint } from "#core/model/endpoint.ts";
import {
  KEPT_POINTS,
  KEPT_TRACKS,
  LEVELS,
  levelsOf,
  lookedAt,
  NO_HISTORY,
  pointsOf,
  type SampleHistory,
  scaleOf,
} from "#core/store/sample-history.ts";
import { endpoint, powerSample } from "#test/harness/power.ts";

const at = (seconds: number) => 1_000_000_000 + seconds * 1000;

/** [second of the look, watts, age] */
type Look = readonly [number, number | null, number?];

function after(looks: readonly Look[], change: Partial<Endpoint> = {}): SampleHistory {
  return looks.reduce<SampleHistory>(
    (history, [second, watts, age = 0]) =>
      lookedAt(history, [endpoint("ep", { sample: powerSample(watts), sampleAgeSeconds: age, ...change })], at(second)),
    NO_HISTORY,
  );
}

const { id } = endpoint("ep");
const points = (looks: readonly Look[], second: number, position = 0) =>
  pointsOf(after(looks), id, position, at(second));

test("a point a second, also when looks come a little early or late; several in a second are one", () => {
  expect(
    points(
      [
        [0, 1],
        [1.02, 2],
        [1.98, 3],
        [3.1, 4],
      ],
      3.1,
    ),
  ).toEqual([1, 2, 3, 4]);
  expect(
    points(
      [
        [0, 1],
        [0.25, 2],
        [0.5 - 0.01, 3],
        [1, 4],
      ],
      1,
    ),
  ).toEqual([3, 4]);
});

test("each value has points of its own, and NaN is a gap", () => {
  const looks: Look[] = [
    [0, 1],
    [1, null],
    [2, 3],
  ];
  expect(points(looks, 2)).toEqual([1, null, 3]);
  expect(points(looks, 2, 1)).toEqual([1, 1, 1]);
  expect(points(looks, 2, 3)).toEqual([]);
});

test("seconds in which nothing was sent are gaps: between points, and up to the moment", () => {
  expect(
    points(
      [
        [0, 1],
        [4, 2],
      ],
      4,
    ),
  ).toEqual([1, null, null, null, 2]);
  // The same sample is read again and again: it is of the second in which it was sent.
  expect(
    points(
      [
        [0, 1],
        [1, 1, 1],
        [2, 1, 2],
        [5, 1, 5],
      ],
      5,
    ),
  ).toEqual([1, null, null, null]);
  // It is read once a second and may be a second old.
  expect(points([[0, 1]], 2)).toEqual([1]);
  expect(
    points(
      [
        [0, 1],
        [1_000_000, 2],
      ],
      1_000_000,
    ),
  ).toEqual([...new Array(KEPT_POINTS - 1).fill(null), 2]);
  expect(points([[0, 1]], 1_000_000)).toEqual(new Array(KEPT_POINTS).fill(null));
});

test("the same item says nothing new: the same history", () => {
  const item = endpoint("ep");
  const once = lookedAt(NO_HISTORY, [item], at(0));
  expect(lookedAt(once, [item], at(1))).toBe(once);
  expect(lookedAt(once, [], at(1))).toBe(once);
  expect(lookedAt(NO_HISTORY, [endpoint("ep", { sampleAgeSeconds: null })], at(0))).toBe(NO_HISTORY);
});

test("another controller, fewer values, a clock that was set back: the past is another's", () => {
  const once = after([
    [0, 1],
    [1, 2],
  ]);
  const see = (change: Partial<Endpoint>, second = 2) =>
    pointsOf(
      lookedAt(once, [endpoint("ep", { sample: powerSample(9), sampleAgeSeconds: 0, ...change })], at(second)),
      id,
      0,
      at(second),
    );
  expect(see({})).toEqual([1, 2, 9]);
  expect(see({ attachedSince: "2026-03-01T09:59:00.000Z" })).toEqual([9]);
  expect(see({ agent: "power_balancer" })).toEqual([9]);
  expect(see({ sample: powerSample(9).slice(0, 1) })).toEqual([9]);
  expect(see({}, -100)).toEqual([9]);
});

test("so many points and endpoints, not more; those looked at longest ago go first", () => {
  const long = points(
    Array.from({ length: 200 }, (_, second): Look => [second, second]),
    199,
  );
  expect(long).toEqual(Array.from({ length: KEPT_POINTS }, (_, index) => 140 + index));
  let history = NO_HISTORY;
  const first = endpoint("first", { sampleAgeSeconds: 0 });
  const second = endpoint("second", { sampleAgeSeconds: 0 });
  history = lookedAt(history, [first, second], at(0));
  for (let number = 0; number < KEPT_TRACKS - 1; number++) {
    history = lookedAt(history, [endpoint(`ep${number}`, { sampleAgeSeconds: 0 }), { ...first }], at(number));
  }
  expect(history.size).toBe(KEPT_TRACKS);
  expect(history.has(first.id)).toBe(true);
  expect(history.has(second.id)).toBe(false);
});

test("points never come out longer than kept, whatever is seen when", () => {
  const look = fc.tuple(
    fc.double({ min: 0, max: 500, noNaN: true }),
    fc.option(fc.double({ noNaN: true })),
    fc.double({ min: 0, max: 100, noNaN: true }),
  );
  fc.assert(
    fc.property(fc.array(look, { maxLength: 100 }), fc.double({ min: 0, max: 1000, noNaN: true }), (looks, now) => {
      const history = after(looks);
      for (const position of [0, 1, 2]) {
        const all = pointsOf(history, id, position, at(now));
        expect(all.length).toBeLessThanOrEqual(KEPT_POINTS);
        for (const level of levelsOf(all, scaleOf(all))) {
          expect(level === null || (level >= 0 && level < LEVELS)).toBe(true);
        }
      }
    }),
  );
});

test("scales begin at 0 and end at 1, 2 or 5 times a power of ten", () => {
  expect([[], [null], [0], [-5], [1], [1.1], [152], [500], [501], [2.1e9], [0.003]].map(scaleOf)).toEqual([
    1, 1, 1, 1, 1, 2, 200, 500, 1000, 5e9, 0.005,
  ]);
});

test("levels: 0 and less at the bottom, the end of the scale at the top, a gap is a gap", () => {
  expect(levelsOf([0, -3, 1, 100, 101, 200, null, 25], 200)).toEqual([0, 0, 0, 3, 4, 7, null, 0]);
});
