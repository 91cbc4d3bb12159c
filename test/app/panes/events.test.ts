/** What an event says of itself. */
import { afterEach, expect, test } from "bun:test";
import { event } from "#test/harness/items.ts";
import { ENTER, openScreen, type Screen } from "#test/harness/screen.ts";

let screen: Screen;
afterEach(() => screen?.close());

test.each([
  ["0 console", "asked by root (uid 0), in the console"],
  ["1000 cli", "asked by uid 1000, on the command line"],
  ["0 jobd", "asked by root (uid 0), over jobd's socket"],
  ["somebody else", "asked by somebody else"],
])("who asked, %s, is a user and a way", async (actor, said) => {
  const item = event(1, { action: "daemon.stop", outcome: "done", actor });
  screen = await openScreen({ events: [{ src: "events", op: "reset", items: [item] }] });
  await screen.press("7", ENTER);
  expect(screen.flat()).toContain(said);
});
