/** Which processes fit what is typed. */
import { expect, test } from "bun:test";
import { pickRows } from "#app/console/pick-rows.ts";

test("words in any case; a command line with = is a text as any other", () => {
  const row = (pid: number, command: string) => ({ pid, identity: `${pid}:1`, uid: 0, user: "Ada", command });
  const all = [row(7, "/usr/bin/Xorg depth=24"), row(8, "sleep 100")];
  const found = (text: string) => pickRows(all, text).map(({ pid }) => pid);
  expect(found("xorg")).toEqual([7]);
  expect(found("ADA sleep")).toEqual([8]);
  expect(found("depth=24")).toEqual([7]);
});
