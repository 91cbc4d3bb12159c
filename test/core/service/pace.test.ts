/** How fast a user may have things changed. */
import { expect, test } from "bun:test";
import { createVirtualClock } from "#core/playback/virtual-clock.ts";
import { Pace } from "#core/service/pace.ts";

/** How many have been let through by now. */
async function through(taken: readonly Promise<boolean>[]): Promise<number> {
  let count = 0;
  for (const one of taken) void one.then((isHis) => isHis && count++);
  for (let turn = 0; turn < 10; turn++) await Promise.resolve();
  return count;
}

test("three hundred at once, then ten a second; others are not held up, and what is given up ends", async () => {
  const clock = createVirtualClock();
  const pace = new Pace(clock);
  const stop = new AbortController();
  const taken = Array.from({ length: 400 }, () => pace.take(1000));
  const last = pace.take(1000, stop.signal);
  expect(await through(taken)).toBe(300);
  expect(await through([pace.take(1001)])).toBe(1);
  clock.advance(1000);
  expect(await through(taken)).toBe(310);
  stop.abort();
  expect(await last).toBe(false);
  clock.advance(9000);
  expect(await through(taken)).toBe(400);
});
