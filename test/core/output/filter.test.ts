/** The language of filters. */
import { expect, test } from "bun:test";
import { fieldTree, mergedTree } from "#core/output/field-tree.ts";
import { parseFilter } from "#core/output/filter.ts";

const fields = fieldTree({ properties: { name: {}, pid: {}, exit: { properties: { status: {} } } } });

test("all words must occur, in any order and case", () => {
  const filter = parseFilter("  UP nginx ");
  expect(filter.test("nginx is up")).toBe(true);
  expect(filter.test("nginx is down")).toBe(false);
  expect(parseFilter("").test("anything")).toBe(true);
});

test("a pattern between slashes; a wrong one lets all pass and says why", () => {
  expect(parseFilter("/^D[0-9]$/").test("d7")).toBe(true);
  expect(parseFilter("/^d[0-9]$/").test("d77")).toBe(false);
  const wrong = parseFilter("/(/");
  expect(wrong.problem).toMatchObject({ code: "USAGE", message: expect.stringContaining("regular expression") });
  expect(wrong.test("x")).toBe(true);
  expect(parseFilter("/").test("a/b")).toBe(true);
});

test("FIELD=VALUE is compared exactly, beside words; without fields it is a word", () => {
  const item = { name: "Web", pid: 7, exit: null };
  expect(parseFilter("name=Web x", fields).test("x", item)).toBe(true);
  expect(parseFilter("name=Web y", fields).test("x", item)).toBe(false);
  expect(parseFilter("name=web", fields).test("name=web", item)).toBe(false);
  expect(parseFilter("pid=7 exit.status=null", fields).test("", item)).toBe(true);
  expect(parseFilter("--port=7", fields).test("serve --port=7", item)).toBe(true);
  expect(parseFilter("name=web").test("name=web")).toBe(true);
});

test("an unknown field lets all pass and says which there are", () => {
  const wrong = parseFilter("sate=up", fields);
  expect(wrong.problem).toMatchObject({ code: "UNKNOWN_FIELD", hint: "fields: name, pid, exit, exit.status" });
  expect(wrong.test("x", {})).toBe(true);
});

test("the fields of several kinds: inner ones of both", () => {
  const other = fieldTree({ properties: { jid: {}, exit: { properties: { text: {} } } } });
  const wrong = parseFilter("no=1", mergedTree([fields, other]));
  expect(wrong.problem?.hint).toBe("fields: name, pid, exit, exit.status, exit.text, jid");
});
