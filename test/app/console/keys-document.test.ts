/** The committed document of keys is the one the tables make. */
import { expect, test } from "bun:test";
import { keysDocument } from "#app/console/keys-document.ts";

test("keys.md is up to date", async () => {
  const committed = await Bun.file(new URL("../../../app/console/keys.md", import.meta.url)).text();
  expect(committed).toBe(keysDocument());
});
