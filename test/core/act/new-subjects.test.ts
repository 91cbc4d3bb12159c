/** Names of what is not there yet. */
import { expect, test } from "bun:test";
import {
  categoryNameProblem,
  memberStateProblem,
  newCategoryId,
  newMemberId,
  pidOfMemberId,
} from "#core/act/new-subjects.ts";
import { checkCategory, checkState } from "#core/psm/names.ts";

const TEXTS = [
  "web",
  "x".repeat(31),
  "ü".repeat(15),
  "a b",
  "",
  "x".repeat(32),
  "ü".repeat(16),
  "a/b",
  "a\nb",
  "a\x7f",
];

function accepts(check: (text: string) => unknown, text: string): boolean {
  try {
    check(text);
    return true;
  } catch {
    return false;
  }
}

test.each([...TEXTS, "exited"])("%j: what is said while it is typed is what the set will say", (text) => {
  expect(categoryNameProblem(text) === null).toBe(accepts(checkCategory, text));
  expect(memberStateProblem(text) === null).toBe(accepts(checkState, text));
});

test("a member is asked for by its pid and named by its identity: the same process", () => {
  expect(newCategoryId("n1", "web")).toBe("n1/category/web");
  expect(newMemberId("n1", "web", 812)).toBe("n1/member/web/812");
  expect(pidOfMemberId("n1/member/web/812")).toBe(812);
  expect(pidOfMemberId("n1/member/web/812:4411")).toBe(812);
  expect(pidOfMemberId("n1/category/web")).toBeNull();
});
