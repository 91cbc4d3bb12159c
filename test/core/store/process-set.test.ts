/** Questions asked of the process set. */
import { expect, test } from "bun:test";
import { daemonOfProcess, hasFailed, memberOfProcess, membersOf } from "#core/store/process-set.ts";
import { reduce } from "#core/store/reduce.ts";
import { emptySnapshot } from "#core/store/snapshot.ts";
import { daemon, member } from "#test/harness/items.ts";

const items = [member("web", 1000), member("web", 900), member("web", 7, {}, 0), member("web", 8, {}, null)];
const others = [member("web", 9, {}, 256), member("db", 5)];
const snapshot = reduce(
  emptySnapshot("n1"),
  [
    { src: "members", op: "reset", items: [...items, ...others] },
    { src: "daemons", op: "reset", items: [daemon("a", { pid: 900 }), daemon("b", { state: "down" })] },
  ],
  0,
);

test("members of a category: failed ones first, then what runs, then what ended well, by pid", () => {
  expect(membersOf(snapshot, "web").map(({ pid }) => pid)).toEqual([8, 9, 900, 1000, 7]);
  expect(membersOf(snapshot, "nobody")).toEqual([]);
});

test("an exit with another status than 0, or with none that is known, is a failure", () => {
  expect([...items, ...others].map(hasFailed)).toEqual([false, false, false, true, true, false]);
});

test("the entry and the daemon of a process; what has ended is no process", () => {
  expect(memberOfProcess(snapshot, "900:5000")?.category).toBe("web");
  expect(memberOfProcess(snapshot, "9:5000")).toBeUndefined();
  expect(daemonOfProcess(snapshot, "900:5000")?.name).toBe("a");
  expect(daemonOfProcess(snapshot, "901:5000")).toBeUndefined();
});

test("the same members are gone through once; others anew", () => {
  expect(membersOf(snapshot, "web")).toBe(membersOf(snapshot, "web"));
  const later = reduce(snapshot, [{ src: "members", op: "upsert", item: member("web", 3, {}, 0) }], 1);
  expect(membersOf(later, "web")).toHaveLength(6);
});
