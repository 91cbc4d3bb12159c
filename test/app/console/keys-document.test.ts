/** The committed document of keys is the one the tables make. */
import { expect, test } from "bun:test";
import { keysDocument } from "#app/console/keys-document.ts";
import { playbackKeys } from "#app/player/keys-section.ts";

test("keys.md has the keys of a playback, each as it is pressed", async () => {
  const section = playbackKeys();
  expect(section).toStartWith("## While a fixture is played (`muster play`), behind Ctrl-P\n");
  const keys = [...section.matchAll(/^\| (\S+) \| \S/gm)].map(([, key]) => key);
  expect(keys).toEqual(["key", "Space", ".", ",", "]", "[", ">", "<", "g", "Home", "End", "t", "Esc"]);
});

test("keys.md is up to date", async () => {
  const committed = await Bun.file(new URL("../../../app/console/keys.md", import.meta.url)).text();
  expect(committed).toBe(keysDocument([playbackKeys()]));
});
