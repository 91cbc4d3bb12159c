/** The JSON Schemas are what the valibot schemas say, and nothing that a reader of the first release relies on is gone. */
import { expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import { KIND_NAMES } from "#core/model/kind-names.ts";
import { KINDS } from "#core/model/kinds.ts";
import { fieldNames } from "#core/output/field-tree.ts";
import { schemaFiles } from "#core/output/generate.ts";
import { KIND_OUTPUT } from "#core/output/kinds.ts";
import { SCHEMAS } from "#core/output/schema-definitions.ts";

const SCHEMA_DIRECTORY = join(import.meta.dir, "../../../core/output/schemas");
const GOLDEN = join(import.meta.dir, "golden");

test("the committed schemas are generated ones, and there are no others", async () => {
  const files = schemaFiles();
  expect(readdirSync(SCHEMA_DIRECTORY).sort()).toEqual([...files.keys()].sort());
  for (const [name, text] of files) expect(await Bun.file(join(SCHEMA_DIRECTORY, name)).text()).toBe(text);
});

test("writing a kind and the kind itself agree on its document and its keys", () => {
  for (const kind of KIND_NAMES) {
    expect(KIND_OUTPUT[kind].document).toBe(KINDS[kind].list);
    expect([...KIND_OUTPUT[kind].fields.keys()]).toEqual(Object.keys(KINDS[kind].schema.entries));
  }
});

test("enumerations are open: a reader that checks with our schema accepts words that come later", () => {
  const daemon = JSON.parse(schemaFiles().get("daemon.json") ?? "");
  expect(daemon.properties.state.anyOf).toContainEqual({ type: "string" });
  const error = JSON.parse(schemaFiles().get("error.json") ?? "");
  expect(error.properties.error.properties.code.enum).toContain("USAGE");
});

test("every field of muster/1 is still there", async () => {
  const promised: Record<string, string[]> = await Bun.file(join(GOLDEN, "fields.json")).json();
  for (const [kind, fields] of Object.entries(promised)) {
    expect(fieldNames(KIND_OUTPUT[kind as keyof typeof KIND_OUTPUT].fields)).toEqual(expect.arrayContaining(fields));
  }
});

test("documents of the first release fit the schemas of today", async () => {
  const goldens = readdirSync(GOLDEN).filter((name) => name.endsWith(".document.json"));
  expect(goldens.length).toBeGreaterThan(4);
  for (const name of goldens) {
    const [schema = ""] = name.split(".");
    const [, definition] = SCHEMAS[schema as keyof typeof SCHEMAS];
    const document: unknown = await Bun.file(join(GOLDEN, name)).json();
    const result = v.safeParse(definition, document);
    expect(result.issues?.map((issue) => `${name}: ${v.getDotPath(issue)}: ${issue.message}`)).toBeUndefined();
  }
});
