/**
 * The protocol, described: JSON-RPC 2.0 over a unix stream socket, one message a line, UTF-8. `muster schema rpc` is
 * generated from these schemas, and the service checks what it is asked against them; its client only borrows the types.
 *
 *     client                                service
 *       hello, subscribe, invoke, ... -------->
 *       <------------------------- result or error, by id
 *       <------------- change, gap, progress (notifications)
 */
import * as v from "valibot";
import { DOORS } from "#core/act/request.ts";
import { AttachmentSchema } from "#core/model/attachment.ts";
import { CategorySchema } from "#core/model/category.ts";
import { ContainerSchema } from "#core/model/container.ts";
import { DaemonSchema, UsageSchema } from "#core/model/daemon.ts";
import { EndpointSchema } from "#core/model/endpoint.ts";
import { EventSchema } from "#core/model/event.ts";
import { JobReportSchema, JobSchema } from "#core/model/job.ts";
import { KIND_NAMES, type Kind } from "#core/model/kind-names.ts";
import { MemberSchema } from "#core/model/member.ts";
import { ModuleSchema } from "#core/model/module.ts";
import { PolicySchema } from "#core/model/policy.ts";
import { ProcessSchema } from "#core/model/process.ts";
import {
  ActionIdSchema,
  ActionProgressSchema,
  ActionReportSchema,
  ErrorRecordSchema,
  WarningSchema,
} from "#core/output/parts.ts";
import { PROTOCOL_VERSION } from "./codes.ts";
import { ATTENDED, HISTORY, TARGETS } from "./limits.ts";

const note = v.description;
const text = v.pipe(v.string(), v.maxLength(4096));
const whole = v.pipe(v.number(), v.integer(), v.minValue(0));
const kinds = v.pipe(v.array(v.picklist(KIND_NAMES)), v.maxLength(KIND_NAMES.length));
const none = v.optional(v.object({}));
const nothing = v.null();

const shelf = <T extends v.GenericSchema>(item: T) =>
  v.object({
    status: v.pipe(v.picklist(["loading", "ready", "failed"]), note("of a failed source the last items are kept")),
    error: v.nullable(ErrorRecordSchema),
    staleSinceMs: v.pipe(v.nullable(v.number()), note("by the service's monotonic clock; null while it is fresh")),
    warnings: v.array(WarningSchema),
    items: v.array(item),
  });

const ShelvesSchema = v.object({
  daemons: v.optional(shelf(DaemonSchema)),
  categories: v.optional(shelf(CategorySchema)),
  members: v.optional(shelf(MemberSchema)),
  modules: v.optional(shelf(ModuleSchema)),
  jobs: v.optional(shelf(JobSchema)),
  attachments: v.optional(shelf(AttachmentSchema)),
  endpoints: v.optional(shelf(EndpointSchema)),
  policies: v.optional(shelf(PolicySchema)),
  containers: v.optional(shelf(ContainerSchema)),
  processes: v.optional(shelf(ProcessSchema)),
  events: v.optional(shelf(EventSchema)),
} satisfies Record<Kind, unknown>);

const SnapshotSchema = v.object({
  seq: v.pipe(whole, note("grows by one with each batch of source events")),
  atMs: v.pipe(v.number(), note("wall clock of the last batch, milliseconds since 1970")),
  nowMs: v.pipe(v.number(), note("the service's monotonic clock now, milliseconds")),
  node: v.string(),
  shelves: v.pipe(ShelvesSchema, note("the kinds that were asked for")),
});

const sourceEvents = <K extends Kind, T extends v.GenericSchema>(kind: K, item: T) => [
  v.object({
    src: v.literal(kind),
    op: v.literal("reset"),
    items: v.pipe(v.array(item), note("all there are; others are gone")),
    warnings: v.optional(v.array(WarningSchema)),
  }),
  v.object({ src: v.literal(kind), op: v.literal("upsert"), item }),
  v.object({ src: v.literal(kind), op: v.literal("remove"), id: v.string(), reason: v.string() }),
  v.object({ src: v.literal(kind), op: v.literal("sample"), id: v.string(), usage: v.nullable(UsageSchema) }),
  v.object({ src: v.literal(kind), op: v.literal("unavailable"), error: ErrorRecordSchema }),
  v.object({ src: v.literal(kind), op: v.literal("stale"), sinceMs: v.number() }),
];

const SourceEventSchema = v.union([
  ...sourceEvents("daemons", DaemonSchema),
  ...sourceEvents("categories", CategorySchema),
  ...sourceEvents("members", MemberSchema),
  ...sourceEvents("modules", ModuleSchema),
  ...sourceEvents("jobs", JobSchema),
  ...sourceEvents("attachments", AttachmentSchema),
  ...sourceEvents("endpoints", EndpointSchema),
  ...sourceEvents("policies", PolicySchema),
  ...sourceEvents("containers", ContainerSchema),
  ...sourceEvents("processes", ProcessSchema),
  ...sourceEvents("events", EventSchema),
]);

export const ActionRequestSchema = v.object({
  action: ActionIdSchema,
  targets: v.pipe(
    v.array(v.object({ id: text, identity: v.optional(v.nullable(text)) })),
    v.maxLength(TARGETS),
    note("identity: `pid:starttime` that the asker saw; if it is another process by now, the action is refused"),
  ),
  arguments: v.optional(v.record(v.string(), v.union([text, v.number(), v.boolean()])), {}),
  dryRun: v.optional(v.boolean(), false),
  requestId: v.pipe(text, v.minLength(1), note("chosen by the client; stands in audit rows and in `progress`")),
  via: v.optional(v.picklist(DOORS), "socket"),
});

const EventQuerySchema = v.object({
  target: v.optional(text),
  sinceMs: v.optional(v.number()),
  limit: v.pipe(whole, v.maxValue(HISTORY), note("the newest so many")),
});

const ReportQuerySchema = v.object({
  jids: v.optional(v.pipe(v.array(text), v.maxLength(TARGETS), note("as they are written: 0x and 16 digits"))),
  sinceMs: v.optional(v.number()),
  limit: v.pipe(whole, v.maxValue(HISTORY), note("the newest so many")),
});

const ProcessRowSchema = v.object({
  pid: whole,
  identity: v.string(),
  uid: v.nullable(v.number()),
  user: v.string(),
  command: v.string(),
});

/** method -> what it is for, its params, its result */
export const METHODS = {
  hello: {
    summary: "who answers; may be left out",
    params: none,
    result: v.object({
      protocol: v.literal(PROTOCOL_VERSION),
      version: v.string(),
      node: v.string(),
      isReadOnly: v.boolean(),
      uid: v.pipe(v.number(), note("effective user of the service")),
      pid: v.number(),
      startedAt: v.string(),
      configFile: v.string(),
      stateDirectory: v.string(),
      configuration: v.pipe(v.string(), note("digest of the configuration that is in force")),
      you: v.pipe(v.number(), note("the uid that is asking, as the service sees it")),
    }),
  },
  ping: { summary: "an answer, nothing else", params: none, result: nothing },
  snapshot: { summary: "everything there is of some kinds", params: v.object({ kinds }), result: SnapshotSchema },
  subscribe: {
    summary: "a snapshot now, then every change of it as `change` notifications",
    params: v.object({ kinds }),
    result: v.object({ subscription: whole, snapshot: SnapshotSchema }),
  },
  unsubscribe: { summary: "ends a subscription", params: v.object({ subscription: whole }), result: nothing },
  invoke: {
    summary: "does an action; the report tells of each target. `progress` notifications come meanwhile",
    params: v.object({ request: ActionRequestSchema }),
    result: ActionReportSchema,
  },
  cancel: {
    summary: "asks an action of this connection to stop where it can",
    params: v.object({ requestId: text }),
    result: nothing,
  },
  events: {
    summary: "history out of the journal, in the order it happened",
    params: v.object({ query: EventQuerySchema }),
    result: v.array(EventSchema),
  },
  processes: {
    summary: "processes there are to choose from; whoever is neither root nor the service's user gets his own",
    params: v.object({ query: v.object({ kernel: v.optional(v.boolean()) }) }),
    result: v.array(ProcessRowSchema),
  },
  reports: {
    summary: "the accounts of jobs that have ended, in the order they did",
    params: v.object({ query: ReportQuerySchema }),
    result: v.array(JobReportSchema),
  },
  attend: {
    summary: "the items now on a screen: only these are sampled for CPU and memory",
    params: v.object({ ids: v.pipe(v.array(text), v.maxLength(ATTENDED)) }),
    result: nothing,
  },
  refresh: { summary: "reads every source again", params: none, result: nothing },
} as const;

/** method -> what it tells, its params */
export const NOTIFICATIONS = {
  mode: {
    summary: "to whoever has subscribed: from now on the service changes nothing (`isReadOnly`), or does so again",
    params: v.object({ isReadOnly: v.boolean() }),
  },
  change: {
    summary: "what changed since the message before; while the client is slow only the latest of each item",
    params: v.object({ subscription: whole, seq: whole, events: v.array(SourceEventSchema) }),
  },
  gap: {
    summary: "so many events of the kind `events` were left out because the client was slow",
    params: v.object({ subscription: whole, dropped: whole }),
  },
  progress: {
    summary: "a step of an action that is under way; left out while the client is slow",
    params: v.object({ requestId: v.string(), progress: ActionProgressSchema }),
  },
} as const;

export type Method = keyof typeof METHODS;
export type Params<M extends Method> = v.InferOutput<(typeof METHODS)[M]["params"]>;
export type Result<M extends Method> = v.InferOutput<(typeof METHODS)[M]["result"]>;
export type Notification = keyof typeof NOTIFICATIONS;
