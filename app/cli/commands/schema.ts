/** `schema [KIND]`: the committed JSON Schema itself; without a name what there is. */
import { plainDocument } from "#core/output/document.ts";
import { tableText } from "#core/output/table.ts";
import { type Call, writeText } from "../context.ts";
import { usage } from "../option-values.ts";
import { SCHEMA_FILES } from "../schemas.ts";
import { writeDocument } from "../session.ts";
import { isTerminal } from "../stdio.ts";
import { didYouMean } from "../suggest.ts";
import { aboutMuster } from "./version.ts";

export async function writeSchema(call: Call): Promise<number> {
  const [name] = call.invocation.words;
  const schemas = Object.entries(SCHEMA_FILES).map(([key, { title }]) => ({ name: key, title }));
  if (name !== undefined) {
    const schema = Object.hasOwn(SCHEMA_FILES, name) ? SCHEMA_FILES[name] : undefined;
    const names = Object.keys(SCHEMA_FILES);
    if (!schema) throw usage(`no schema '${name}'`, name, didYouMean(name, names) ?? `schemas: ${names.join(", ")}`);
    await writeDocument(call, schema);
  } else if (call.isJson) {
    await writeDocument(call, plainDocument("SchemaList", aboutMuster(call), { schemas }));
  } else {
    const columns = [
      { title: "NAME", text: (schema: { name: string }) => schema.name },
      { title: "OF", text: (schema: { title: string }) => schema.title },
    ];
    await writeText(call, tableText(schemas, columns, { isTerminal: isTerminal(1), hasColor: false }));
  }
  return 0;
}
