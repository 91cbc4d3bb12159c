/** Schemas of what stands inside documents, streams and messages: errors, warnings, reports of actions. */
import * as v from "valibot";
import { ACTIONS, type ActionId } from "#core/act/actions.ts";
import { OUTCOMES } from "#core/act/request.ts";
import { ERROR_CODES, type ErrorCode } from "#core/model/error.ts";
import { STEP_OPS } from "#core/model/step.ts";

const note = v.description;
const nullableText = v.nullable(v.string());
export const ActionIdSchema = v.picklist(Object.keys(ACTIONS) as [ActionId, ...ActionId[]]);

export const WarningSchema = v.object({
  code: v.string(),
  target: nullableText,
  message: v.pipe(v.string(), note("for people; not stable")),
});

export const ErrorRecordSchema = v.object({
  code: v.pipe(v.picklist(Object.keys(ERROR_CODES) as [ErrorCode, ...ErrorCode[]]), v.metadata({ closed: true })),
  message: v.pipe(v.string(), note("for people; not stable, the code is")),
  target: v.pipe(nullableText, note("the id, path or argument it is about")),
  errno: v.pipe(nullableText, note("name of the errno, such as EACCES")),
  hint: v.pipe(nullableText, note("the way out")),
  retryable: v.boolean(),
  causes: v.array(v.string()),
});

export const StateOnlySchema = v.nullable(v.object({ state: v.string() }));

export const PlanStepSchema = v.object({
  op: v.picklist(STEP_OPS),
  text: v.string(),
  signal: v.optional(v.string()),
  pid: v.optional(v.number()),
  identity: v.optional(v.string()),
  path: v.optional(v.string()),
  argv: v.optional(v.array(v.string())),
  timeoutSeconds: v.optional(v.number()),
});

const ActionResultSchema = v.object({
  id: v.string(),
  outcome: v.pipe(
    v.picklist(OUTCOMES),
    note("unknown: the effect may or may not have happened, so it is not safe to try again blindly"),
  ),
  plan: v.pipe(v.array(PlanStepSchema), note("what was done, in order; with dryRun what would be done")),
  before: StateOnlySchema,
  after: StateOnlySchema,
  elapsedMs: v.number(),
  undo: v.pipe(v.nullable(ActionIdSchema), note("the action that takes this one back")),
  message: v.string(),
  answer: v.pipe(
    v.optional(v.nullable(v.record(v.string(), v.unknown()))),
    note("what was asked for, of an action that asks; numbers of 64 bits as text"),
  ),
  error: v.nullable(ErrorRecordSchema),
});

export const ActionReportSchema = v.object({
  action: ActionIdSchema,
  dryRun: v.boolean(),
  requestId: v.string(),
  results: v.array(ActionResultSchema),
  warnings: v.array(WarningSchema),
});

export const ActionProgressSchema = v.object({ id: v.string(), step: PlanStepSchema, elapsedMs: v.number() });
