/** The JSON Schemas out of the valibot schemas. Enumerations are opened: readers must accept values that come later. */
import { toJsonSchema } from "@valibot/to-json-schema";
import { DEFINITIONS, SCHEMAS } from "./schema-definitions.ts";

const DESCRIBED_IN_PIECES: readonly string[] = ["rpc", "fixture"];

/** File name -> text, for core/output/schemas. */
export function schemaFiles(): ReadonlyMap<string, string> {
  const files = new Map<string, string>();
  for (const [name, [title, definition]] of Object.entries(SCHEMAS)) {
    const { $schema, ...body } = toJsonSchema(definition, {
      errorMode: "throw",
      // A document is described in one piece; the protocol would say everything ten times over.
      ...(DESCRIBED_IN_PIECES.includes(name) ? { definitions: DEFINITIONS } : {}),
      // Said in words: JSON Schema has no such rule.
      ignoreActions: ["check", "finite"],
    });
    const schema = { $schema, $id: `muster/1/${name}`, title, ...(opened(body) as object) };
    files.set(`${name}.json`, `${JSON.stringify(schema, null, 2)}\n`);
  }
  return files;
}

function opened(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(opened);
  if (typeof node !== "object" || node === null) return node;
  const { closed, ...rest } = node as Record<string, unknown>;
  const result = Object.fromEntries(Object.entries(rest).map(([key, value]) => [key, opened(value)]));
  if (closed === true || !Array.isArray(result.enum) || result.enum.length < 2) return result;
  const { enum: values, type: _type, ...others } = result;
  return { ...others, anyOf: [{ enum: values }, { type: "string" }] };
}
