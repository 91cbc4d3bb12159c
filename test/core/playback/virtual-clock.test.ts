import { expect, test } from "bun:test";
import { createVirtualClock } from "#core/playback/virtual-clock.ts";

test("timers fire at their own moments, in the order of their time, then of their making", () => {
  const clock = createVirtualClock(1000);
  const fired: string[] = [];
  const say = (name: string) => () => void fired.push(`${name} ${clock.nowMs()}`);
  clock.setTimer(20, say("b"));
  clock.setTimer(10, () => {
    say("a")();
    clock.setTimer(10, say("d"));
  });
  clock.setTimer(20, say("c"));
  const cancel = clock.setTimer(15, say("never"));
  cancel();
  expect(clock.nextDueMs()).toBe(10);
  clock.advance(25);
  expect(fired).toEqual(["a 10", "b 20", "c 20", "d 20"]);
  expect([clock.nowMs(), clock.wallMs(), clock.pending(), clock.nextDueMs()]).toEqual([25, 1025, 0, null]);
});

test("a moment that is past changes nothing; elsewhere nothing waits", () => {
  const clock = createVirtualClock(0);
  clock.advanceTo(50);
  clock.advanceTo(10);
  expect(clock.nowMs()).toBe(50);
  clock.setTimer(5, () => {
    throw new Error("it was dropped");
  });
  clock.moveTo(20);
  expect([clock.nowMs(), clock.pending()]).toEqual([20, 0]);
  clock.advance(100);
});
