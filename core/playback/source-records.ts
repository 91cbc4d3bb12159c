/** What a source said, as records: the operations of source events, and the shorter forms that are easier to write by hand. */
import * as v from "valibot";
import { UsageSchema } from "#core/model/daemon.ts";
import { ERROR_CODES, type ErrorCode } from "#core/model/error.ts";
import { SEVERITIES } from "#core/model/event.ts";
import { KIND_NAMES, type Kind } from "#core/model/kind-names.ts";
import { type Items, KINDS } from "#core/model/kinds.ts";

const note = v.description;

/** An error as it is written by hand: what is left out is not known. */
export const ErrorTextSchema = v.object({
  code: v.picklist(Object.keys(ERROR_CODES) as [ErrorCode, ...ErrorCode[]]),
  message: v.string(),
  target: v.optional(v.nullable(v.string())),
  errno: v.optional(v.nullable(v.string())),
  hint: v.optional(v.nullable(v.string())),
  retryable: v.optional(v.boolean()),
  causes: v.optional(v.array(v.string())),
});
export type ErrorText = v.InferOutput<typeof ErrorTextSchema>;

const WarningTextSchema = v.object({
  code: v.string(),
  target: v.optional(v.nullable(v.string()), null),
  message: v.string(),
});

const LoggedSchema = v.object({
  severity: v.optional(v.picklist(SEVERITIES), "info"),
  code: v.string(),
  target: v.optional(v.nullable(v.string()), null),
  message: v.string(),
  variables: v.optional(v.nullable(v.record(v.string(), v.union([v.string(), v.number()]))), null),
});

/** The operations whose shape is the same for every kind. */
const shared = {
  patch: v.object({
    id: v.string(),
    set: v.pipe(v.record(v.string(), v.unknown()), note("keys that have another value now, each with the whole of it")),
  }),
  remove: v.object({ id: v.string(), reason: v.optional(v.string(), "gone") }),
  log: v.pipe(v.object({ event: LoggedSchema }), note("an event of this moment; its id and time are made")),
  sample: v.object({ id: v.string(), usage: v.nullable(UsageSchema) }),
  unavailable: v.pipe(v.object({ error: ErrorTextSchema }), note("the source cannot be read from now on")),
  stale: v.object({
    sinceMs: v.pipe(
      v.optional(v.number()),
      note("milliseconds of this fixture since which nothing fresh has come; now if left out"),
    ),
  }),
  error: v.pipe(v.object({ error: ErrorTextSchema }), note("reading failed once: an event, and what is known stays")),
} as const;

const ofKind = <K extends Kind>(kind: K) => {
  const item = KINDS[kind].schema;
  return {
    reset: v.object({ items: v.array(item), warnings: v.optional(v.array(WarningTextSchema)) }),
    upsert: v.object({ item }),
    ...shared,
  };
};

export const SOURCE_OPS = [
  "reset",
  "upsert",
  "patch",
  "remove",
  "log",
  "sample",
  "unavailable",
  "stale",
  "error",
] as const;
export type SourceOp = (typeof SOURCE_OPS)[number];

/** kind -> operation -> schema of the keys beside `src` and `op`. */
export const SOURCE_SCHEMAS: { readonly [K in Kind]: { readonly [O in SourceOp]: v.GenericSchema } } =
  Object.fromEntries(KIND_NAMES.map((kind) => [kind, ofKind(kind)])) as never;

type Shared = {
  [O in keyof typeof shared]: { readonly src: Kind; readonly op: O } & v.InferOutput<(typeof shared)[O]>;
};

type WithItems = {
  [K in Kind]:
    | {
        readonly src: K;
        readonly op: "reset";
        readonly items: readonly Items[K][];
        readonly warnings?: readonly v.InferOutput<typeof WarningTextSchema>[];
      }
    | { readonly src: K; readonly op: "upsert"; readonly item: Items[K] };
}[Kind];

export type SourceRecord = WithItems | Shared[keyof Shared];
