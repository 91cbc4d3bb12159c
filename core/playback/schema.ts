/** The whole format as one schema, out of which the JSON Schema of fixtures is generated. Playing does not need it. */
import * as v from "valibot";
import { KIND_NAMES } from "#core/model/kind-names.ts";
import { HeaderSchema } from "./header.ts";
import { RECORD_SCHEMAS } from "./record.ts";
import { SOURCE_OPS, SOURCE_SCHEMAS } from "./source-records.ts";

const milliseconds = v.pipe(v.number(), v.minValue(0));

const time = {
  dt: v.pipe(v.optional(milliseconds), v.description("milliseconds since the record before; 0 if left out")),
  at: v.pipe(v.optional(milliseconds), v.description("milliseconds since the beginning, instead of dt")),
};

const withTime = (schema: v.GenericSchema, more: v.ObjectEntries = {}) =>
  v.object({ ...time, ...more, ...(schema as unknown as { entries: v.ObjectEntries }).entries });

const sources = KIND_NAMES.flatMap((kind) =>
  SOURCE_OPS.map((op) => withTime(SOURCE_SCHEMAS[kind][op], { src: v.literal(kind), op: v.literal(op) })),
);

export const FixtureLineSchema = v.union([
  HeaderSchema,
  ...sources,
  ...Object.values(RECORD_SCHEMAS).map((schema) => withTime(schema)),
]);
