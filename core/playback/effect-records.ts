/**
 * What comes of what the operator asks for. In playback nothing reaches a machine: a request is answered by the next effect
 * that fits it, at this moment or later, or it is a failure.
 */
import * as v from "valibot";
import { OUTCOMES } from "#core/act/request.ts";
import { ActionIdSchema, PlanStepSchema, StateOnlySchema } from "#core/output/parts.ts";
import { ErrorTextSchema } from "./source-records.ts";

const note = v.description;
export const ArgumentsSchema = v.record(v.string(), v.union([v.string(), v.number(), v.boolean()]));

/** Of a result only what matters; the rest is as of an action that was done. */
const ResultSchema = v.object({
  id: v.optional(v.string()),
  outcome: v.optional(v.picklist(OUTCOMES)),
  plan: v.optional(v.array(PlanStepSchema)),
  before: v.optional(StateOnlySchema),
  after: v.optional(StateOnlySchema),
  elapsedMs: v.optional(v.number()),
  undo: v.optional(v.nullable(ActionIdSchema)),
  message: v.optional(v.string()),
  answer: v.optional(v.nullable(v.record(v.string(), v.any()))),
  error: v.optional(v.nullable(ErrorTextSchema)),
});
export type ScriptedResult = v.InferOutput<typeof ResultSchema>;

const ProcessRowSchema = v.object({
  pid: v.number(),
  identity: v.string(),
  uid: v.nullable(v.number()),
  user: v.string(),
  command: v.string(),
});

const ReplySchema = v.union([
  v.pipe(v.object({ ok: v.union([v.literal(true), ResultSchema]) }), note("done, to each target")),
  v.object({
    results: v.array(ResultSchema),
    warnings: v.optional(
      v.array(v.object({ code: v.string(), target: v.optional(v.nullable(v.string()), null), message: v.string() })),
    ),
  }),
  v.pipe(
    v.object({ err: ErrorTextSchema, outcome: v.optional(v.picklist(["refused", "failed", "unknown"]), "failed") }),
    note("not done, for this reason"),
  ),
  v.pipe(
    v.object({ throw: ErrorTextSchema }),
    note("no report at all: the service went away, or did not take the request"),
  ),
  v.pipe(v.object({ processes: v.array(ProcessRowSchema) }), note("of a query for processes")),
  v.pipe(v.object({ never: v.literal(true) }), note("no answer ever comes")),
  v.pipe(v.object({ later: v.string() }), note("the effect with this `answers` brings the answer")),
]);
export type Reply = v.InferOutput<typeof ReplySchema>;

const MatchSchema = v.union([
  v.object({
    action: ActionIdSchema,
    id: v.pipe(v.optional(v.string()), note("one of its targets; any if left out")),
    identity: v.pipe(v.optional(v.nullable(v.string())), note("of that target, as the operator saw it")),
    arguments: v.pipe(v.optional(ArgumentsSchema), note("these among its arguments")),
    dryRun: v.optional(v.boolean()),
  }),
  v.pipe(v.object({ query: v.literal("processes") }), note("the processes to choose from")),
]);
export type Match = v.InferOutput<typeof MatchSchema>;

const milliseconds = v.pipe(v.number(), v.finite(), v.minValue(0));

const ScriptedSchema = v.object({
  match: MatchSchema,
  reply: ReplySchema,
  afterMs: v.pipe(v.optional(milliseconds), note("how long the answer takes")),
});

const ProgressSchema = v.object({
  answers: v.pipe(v.string(), note("the name that `later` gave")),
  progress: PlanStepSchema,
  target: v.optional(v.string()),
  elapsedMs: v.optional(milliseconds),
});

const AnswerSchema = v.object({ answers: v.string(), reply: ReplySchema });

export const EffectSchema = v.union([ScriptedSchema, ProgressSchema, AnswerSchema]);
export type ScriptedEffect = v.InferOutput<typeof ScriptedSchema>;
export type ProgressEffect = v.InferOutput<typeof ProgressSchema>;
export type Effect = v.InferOutput<typeof EffectSchema>;
