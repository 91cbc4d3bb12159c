import { expect, test } from "bun:test";
import fc from "fast-check";
import {
  ARGV_BYTES,
  categoryOfIndex,
  checkCategory,
  checkState,
  cutUtf8,
  memberName,
  PSM_ALLCAT,
  PSM_ALLNODE,
  PSM_ALLPID,
  PSM_MYNODE,
  PSM_MYPID,
  selectNodes,
  unreachableNode,
  WELL_KNOWN_CATEGORIES,
} from "#core/psm/names.ts";
import { WCOREDUMP, WEXITSTATUS, WIFEXITED, WIFSIGNALED, WTERMSIG } from "#core/psm/wait.ts";
import { refusal } from "#test/harness/process-set.ts";

test("28 well-known categories under their _PSM_CAT_* indices", () => {
  expect(WELL_KNOWN_CATEGORIES).toHaveLength(28);
  expect(new Set(WELL_KNOWN_CATEGORIES).size).toBe(28);
  const indices = { automountd: 0, evmd: 5, mountd: 10, nfsd: 12, syslogd: 20, inetd: 23, sendmaild: 27 };
  for (const [name, index] of Object.entries(indices)) expect(categoryOfIndex(index)).toBe(name);
  for (const index of [28, -1, 1.5, Number.NaN]) expect(categoryOfIndex(index)).toBe("_unknown_");
});

test.each([
  ["web", ""],
  ["a".repeat(31), ""],
  ["ä".repeat(15), ""],
  ["two words", ""],
  ["", "EINVAL"],
  ["a".repeat(32), "EINVAL"],
  ["ä".repeat(16), "EINVAL"],
  ["a/b", "EINVAL"],
  ["/", "EINVAL"],
  ["a\0b", "EINVAL"],
  ["a\nb", "EINVAL"],
  ["\u001b[31m", "EINVAL"],
  ["\u007f", "EINVAL"],
  ["\u0085", "EINVAL"],
  ["\ud800", "EINVAL"],
  ["\ufffd", "EINVAL"],
])("category name %j: %s", (name, expected) => {
  expect(refusal(() => checkCategory(name))).toBe(expected);
});

test("a name of a megabyte is refused in a sentence", () => {
  try {
    checkCategory("a".repeat(1 << 20));
    throw new Error("it was taken");
  } catch (thrown) {
    expect(String(thrown).length).toBeLessThan(200);
  }
});

test.each([
  ["running", ""],
  ["a/b", ""],
  ["draining 50 %", ""],
  ["", "EINVAL"],
  ["exited", "EINVAL"],
  ["x".repeat(32), "EINVAL"],
  ["a\tb", "EINVAL"],
])("state %j: %s", (state, expected) => {
  expect(refusal(() => checkState(state))).toBe(expected);
});

test("a text is cut at a character, and said to be", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme", maxLength: 300 }), fc.nat(200), (text, limit) => {
      const { text: cut, isCut } = cutUtf8(text, limit);
      expect(text.startsWith(cut)).toBe(true);
      expect(Buffer.byteLength(cut)).toBeLessThanOrEqual(limit);
      expect(isCut).toBe(cut !== text);
      expect(cut.isWellFormed()).toBe(true);
      // No character more would have had room.
      const next = [...text.slice(cut.length)][0];
      if (next !== undefined) expect(Buffer.byteLength(cut + next)).toBeGreaterThan(limit);
    }),
  );
  expect(cutUtf8("x".repeat(ARGV_BYTES), ARGV_BYTES).isCut).toBe(false);
  expect(cutUtf8("x".repeat(ARGV_BYTES + 1), ARGV_BYTES)).toEqual({ text: "x".repeat(ARGV_BYTES), isCut: true });
});

test("a member's name ends in its pid, however long the node's is", () => {
  expect(memberName("n1", 812)).toBe("n1-812");
  fc.assert(
    fc.property(
      fc.string({ unit: "grapheme", maxLength: 64 }),
      fc.integer({ min: 1, max: 0x7fff_ffff }),
      (node, pid) => {
        const name = memberName(node, pid);
        expect(name.endsWith(`-${pid}`)).toBe(true);
        expect(Buffer.byteLength(name)).toBeLessThanOrEqual(31);
      },
    ),
  );
});

test.each([
  [null, true, []],
  ["", true, []],
  ["n1", true, []],
  ["n2", false, ["n2"]],
  ["n1,n2", true, ["n2"]],
  [" n2 , n3,n2,", false, ["n2", "n3"]],
] as const)("nodes %j: here %p, others %j", (text, here, others) => {
  expect(selectNodes(text, "n1")).toEqual({ here, others: [...others] });
});

test("the special values are those of psm.h", () => {
  expect([PSM_MYNODE, PSM_ALLNODE, PSM_MYPID, PSM_ALLCAT, PSM_ALLPID]).toEqual([null, "", 0, null, 0]);
});

test("a list of no node is a mistake; a node that is not known is ENODEV", () => {
  expect(refusal(() => selectNodes(" , ", "n1"))).toBe("EINVAL");
  expect(
    refusal(() => {
      throw unreachableNode("n2");
    }),
  ).toBe("ENODEV");
});

test("the macros of wait(2)", () => {
  expect([WIFEXITED(0x300), WEXITSTATUS(0x300), WIFSIGNALED(0x300), WCOREDUMP(0x300)]).toEqual([true, 3, false, false]);
  expect([WIFEXITED(11), WIFSIGNALED(11), WTERMSIG(11), WCOREDUMP(11)]).toEqual([false, true, 11, false]);
  expect([WIFSIGNALED(0x8b), WTERMSIG(0x8b), WCOREDUMP(0x8b)]).toEqual([true, 11, true]);
  expect([WIFEXITED(0x137f), WIFSIGNALED(0x137f), WCOREDUMP(0x80)]).toEqual([false, false, false]);
});
