import { expect, test } from "bun:test";
import { fieldNames, fieldTree, parseField } from "#core/output/field-tree.ts";
import { KIND_OUTPUT } from "#core/output/kinds.ts";
import { orderKeys, parseFields, pickFields } from "#core/output/project.ts";
import { parsePredicate, parseSort, selectItems } from "#core/output/select.ts";

const tree = KIND_OUTPUT.daemons.fields;
const { searched } = KIND_OUTPUT.daemons;

const web = {
  name: "web",
  label: "Web",
  state: "up",
  pid: 12,
  comm: "nginx",
  lock: { held: true, by: 12 },
  problems: [],
};
const db = {
  name: "db",
  label: "db",
  state: "stale",
  pid: 7,
  comm: null,
  lock: { held: false, by: null },
  problems: [{ code: "STALE_PID_FILE", message: "m" }],
};
const log = {
  name: "log",
  label: "log",
  state: "down",
  pid: null,
  comm: null,
  lock: { held: null, by: null },
  problems: [],
};
const all = [web, db, log];

const filtered = (text: string) => all.filter(parsePredicate(text, tree, searched)).map((item) => item.name);
const sorted = (text: string) => all.toSorted(parseSort(text, tree)).map((item) => item.name);

test("fields of a kind: nullable ones and elements of lists have theirs too", () => {
  expect(fieldNames(tree)).toContain("lock.held");
  expect(fieldNames(tree)).toContain("usage.memoryBytes");
  expect(fieldNames(tree)).toContain("problems.code");
});

test("an unknown field is refused with the list of those there are", () => {
  for (const text of ["nope", "lock.nope", "pid.x", "", "lock.", "constructor", "__proto__"]) {
    expect(() => parseField(text, tree)).toThrow(expect.objectContaining({ code: "UNKNOWN_FIELD", exitCode: 64 }));
  }
  expect(() => parseField("nope", tree)).toThrow(
    expect.objectContaining({ hint: expect.stringContaining("lock.held") }),
  );
});

test.each([
  ["name,pid", { name: "db", pid: 7 }],
  ["pid,name", { pid: 7, name: "db" }],
  ["lock.held,name,lock.by", { lock: { held: false, by: null }, name: "db" }],
  ["lock", { lock: { held: false, by: null } }],
  ["usage.memoryBytes", { usage: null }],
  ["problems.code", { problems: [{ code: "STALE_PID_FILE" }] }],
  ["problems.code, problems.message", { problems: [{ code: "STALE_PID_FILE", message: "m" }] }],
])("--json=%s", (fields, expected) => {
  const picked = pickFields(parseFields(fields, tree))(Object.freeze(db));
  expect(JSON.stringify(picked)).toBe(JSON.stringify(expected));
});

test("picking leaves the item as it was, also when a whole and a part of it are asked for", () => {
  const before = JSON.stringify(db);
  pickFields(parseFields("lock,lock.held,problems,problems.code", tree))(db);
  expect(JSON.stringify(db)).toBe(before);
});

test("whole items have their keys in schema order, unknown keys last", () => {
  const shape = orderKeys(fieldTree({ properties: { a: {}, b: { properties: { c: {}, d: {} } } } }));
  expect(JSON.stringify(shape({ z: 1, b: { d: 1, c: 2 }, a: 0 }))).toBe('{"a":0,"b":{"c":2,"d":1},"z":1}');
});

test.each([
  ["", ["web", "db", "log"]],
  ["WEB", ["web"]],
  ["ngin", ["web"]],
  ["12", ["web"]],
  ["state=up", ["web"]],
  ["state=u", []],
  ["pid=null", ["log"]],
  ["lock.held=false", ["db"]],
  ["problems.code=STALE_PID_FILE", ["db"]],
  ["l down", ["log"]],
  ["e state=up", ["web"]],
  ["e state=down", []],
  ["/^(WEB|log)$/", ["web", "log"]],
  ["/e state=up/", []],
])("--filter '%s'", (text, expected) => {
  expect(filtered(text)).toEqual(expected);
});

test("a filter by a field that does not exist is refused", () => {
  expect(() => filtered("sate=up")).toThrow(expect.objectContaining({ code: "UNKNOWN_FIELD" }));
  expect(() => filtered("/(/")).toThrow(expect.objectContaining({ code: "USAGE" }));
  expect(() => sorted("-x")).toThrow(expect.objectContaining({ code: "UNKNOWN_FIELD" }));
});

test.each([
  ["name", ["db", "log", "web"]],
  ["-name", ["web", "log", "db"]],
  ["pid", ["db", "web", "log"]],
  ["-pid", ["web", "db", "log"]],
  ["lock.held,-name", ["db", "web", "log"]],
])("--sort %s: numbers as numbers, null last either way", (text, expected) => {
  expect(sorted(text)).toEqual(expected);
});

test("a limit takes the first of what is left after filter and sort", () => {
  const query = { filter: parsePredicate("e", tree, searched), sort: parseSort("-pid", tree), limit: 1 };
  expect(selectItems(all, query)).toEqual([web]);
});
