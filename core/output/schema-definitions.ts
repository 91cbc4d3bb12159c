/**
 * The documents and lines described in valibot, each around the items' own schemas. Read only when the JSON Schemas are
 * generated (generate.ts): at run time muster knows its documents by their types, and readers get the generated files.
 */
import * as v from "valibot";
import { AttachmentSchema } from "#core/model/attachment.ts";
import { CategorySchema } from "#core/model/category.ts";
import { ContainerSchema } from "#core/model/container.ts";
import { DaemonSchema } from "#core/model/daemon.ts";
import { EndpointSchema } from "#core/model/endpoint.ts";
import { EventSchema } from "#core/model/event.ts";
import { JobReportSchema, JobSchema } from "#core/model/job.ts";
import { MemberSchema } from "#core/model/member.ts";
import { ModuleSchema } from "#core/model/module.ts";
import { PolicySchema } from "#core/model/policy.ts";
import { ProcessSchema } from "#core/model/process.ts";
import { FixtureLineSchema } from "#core/playback/schema.ts";
import { RpcSchema } from "#core/service/rpc/document.ts";
import { ActionReportSchema, ErrorRecordSchema, WarningSchema } from "./parts.ts";

const note = v.description;
const time = v.pipe(v.string(), note("RFC 3339, UTC, milliseconds"));
const nullableText = v.nullable(v.string());

const head = <K extends string>(kind: K) => ({
  schema: v.literal("muster/1"),
  kind: v.literal(kind),
  generatedAt: time,
  host: v.string(),
});

const source = v.object({
  type: v.pipe(v.picklist(["live", "tree"]), note("live: this machine; tree: the directory given by --root")),
  fixture: nullableText,
  root: nullableText,
});

const warnings = v.array(WarningSchema);

const complete = v.pipe(v.boolean(), note("false: something could not be read or has a mistake in it; see warnings"));

const line = <T extends string>(type: T) => ({
  type: v.literal(type),
  seq: v.pipe(v.number(), note("grows by one with each line")),
  t: time,
});

const items = {
  daemons: DaemonSchema,
  categories: CategorySchema,
  members: MemberSchema,
  modules: ModuleSchema,
  jobs: JobSchema,
  attachments: AttachmentSchema,
  endpoints: EndpointSchema,
  policies: PolicySchema,
  containers: ContainerSchema,
  processes: ProcessSchema,
  events: EventSchema,
} as const;
const anyItem = v.union([
  DaemonSchema,
  CategorySchema,
  MemberSchema,
  ModuleSchema,
  JobSchema,
  AttachmentSchema,
  EndpointSchema,
  PolicySchema,
  ContainerSchema,
  ProcessSchema,
  EventSchema,
]);

const written = {
  path: v.string(),
  records: v.number(),
  bytes: v.pipe(v.number(), note("of the file")),
  elapsedSeconds: v.pipe(v.number(), note("from the first record to the last")),
} as const;

const RecordingSchema = v.object({
  ...head("Recording"),
  ...written,
  reason: v.pipe(v.picklist(["stopped", "time", "size", "error"]), note("why it ended")),
  lost: v.pipe(v.number(), note("records that are missing because the disk was too slow")),
  kinds: v.pipe(v.array(v.string()), note("that are in it")),
  redacted: v.pipe(v.array(v.string()), note("what was taken out")),
  flights: v.pipe(v.array(v.object(written)), note("files written meanwhile, on SIGUSR1")),
});

const StreamLineSchema = v.union([
  v.object({
    schema: v.literal("muster/1"),
    ...line("hello"),
    host: v.string(),
    kinds: v.array(v.string()),
    intervalMs: v.pipe(v.nullable(v.number()), note("null: a line comes when something changes")),
  }),
  v.object({
    ...line("upsert"),
    item: anyItem,
    changed: v.pipe(v.optional(v.array(v.string())), note("keys whose values differ; absent when the item is new")),
  }),
  v.pipe(v.object(line("sync")), note("all that is there now has been sent")),
  v.object({ ...line("remove"), id: v.string(), reason: v.string() }),
  v.object({ ...line("event"), event: EventSchema }),
  v.object({ ...line("error"), error: ErrorRecordSchema, fatal: v.boolean() }),
  v.pipe(v.object({ ...line("mark"), name: v.string() }), note("a place of the fixture that is played")),
  v.pipe(
    v.object({
      ...line("expect"),
      file: v.string(),
      record: v.nullable(v.number()),
      line: v.nullable(v.number()),
      ok: v.boolean(),
      mismatches: v.array(v.object({ what: v.string(), wanted: v.string(), got: v.string() })),
    }),
    note("an expectation of the fixture that is played"),
  ),
  v.pipe(v.object(line("heartbeat")), note("after 15 s of silence")),
  v.object({ ...line("gap"), dropped: v.pipe(v.number(), note("lines left out because the reader was slow")) }),
  v.pipe(
    v.object({
      ...line("end"),
      reason: v.string(),
      exitCode: v.number(),
      records: v.optional(v.number()),
      checks: v.pipe(v.optional(v.number()), note("expectations that were looked at")),
      failures: v.optional(v.number()),
      digest: v.pipe(v.optional(v.string()), note("of all that is known at the end; of a fixture that is played")),
    }),
    note("always the last line"),
  ),
]);

const list = <K extends string>(kind: K, item: v.GenericSchema) =>
  v.object({ ...head(kind), source, complete, items: v.array(item), warnings });

/** psm_memrsp_t of psm.h, its names kept. */
const MemberRecordSchema = v.object({
  mrs_listidx: v.pipe(v.number(), note("from 1; 0 in the one element that says that nothing is registered")),
  mrs_listcnt: v.number(),
  mrs_total: v.pipe(v.number(), note("always the same as mrs_listcnt")),
  mrs_pid: v.number(),
  mrs_exitcode: v.pipe(
    v.nullable(v.number()),
    note("wait status; valid with PSM_FL_EXIT (1) in mrs_flags; null: it has exited, and nobody knows how"),
  ),
  mrs_flags: v.pipe(v.number(), note("PSM_FL_EXIT 1, PSM_FL_ARGTRUNC 2")),
  mrs_name: v.pipe(v.string(), note("node-id-process-id")),
  mrs_state: v.string(),
  mrs_argv: v.string(),
});

/** Only what was asked for is told. */
const ContainerAnswerSchema = v.object({
  name: v.pipe(v.string(), note("as it was typed")),
  id: v.pipe(nullableText, note("of the container; null if it was not found, and where a server was asked")),
  hostName: nullableText,
  pid: v.nullable(v.number()),
  cgroup: v.pipe(nullableText, note("below the mount, with a slash in front")),
  server: v.pipe(nullableText, note("socket of the server that was asked; null: the engines' files and the kernel")),
  error: v.nullable(ErrorRecordSchema),
});

const serviceState = {
  running: v.pipe(v.nullable(v.boolean()), note("null if its pid file may not be read")),
  pid: v.nullable(v.number()),
  startedAt: v.nullable(v.string()),
  pidFile: v.string(),
  socket: v.string(),
  detail: v.pipe(v.string(), note("what the pid file says")),
};

const DoctorSchema = v.object({
  ...head("Doctor"),
  version: v.string(),
  ok: v.pipe(v.boolean(), note("nothing that muster needs is missing")),
  service: v.pipe(v.optional(v.object(serviceState)), note("the user's own service")),
  checks: v.array(
    v.object({
      group: v.picklist(["kernel", "directory", "configuration", "service"]),
      name: v.string(),
      needed: v.pipe(
        v.boolean(),
        note("without it muster does not do its work; otherwise it does less or does it slower"),
      ),
      ok: v.boolean(),
      detail: v.pipe(nullableText, note("what is wrong, or what was found")),
    }),
  ),
});

/** What other schemas may refer to by name. */
export const DEFINITIONS = {
  Daemon: DaemonSchema,
  Category: CategorySchema,
  Member: MemberSchema,
  Module: ModuleSchema,
  Job: JobSchema,
  Attachment: AttachmentSchema,
  Event: EventSchema,
  Error: ErrorRecordSchema,
  Warning: WarningSchema,
};

/** name on the command line -> [title, schema] */
export const SCHEMAS = {
  daemon: ["one daemon", DaemonSchema],
  daemons: ["document of `daemons list` and `daemons get`", list("DaemonList", DaemonSchema)],
  category: ["one category of the process set", CategorySchema],
  categories: ["document of `categories list` and `categories get`", list("CategoryList", CategorySchema)],
  member: ["one member of the process set", MemberSchema],
  members: ["document of `members list` and `members get`", list("MemberList", MemberSchema)],
  module: ["one PAGG module", ModuleSchema],
  modules: ["document of `modules list` and `modules get`", list("ModuleList", ModuleSchema)],
  job: ["one job of the Job module", JobSchema],
  jobs: ["document of `jobs list` and `jobs get`", list("JobList", JobSchema)],
  attachment: ["one process attached to a module", AttachmentSchema],
  attachments: ["document of `attachments list` and `attachments get`", list("AttachmentList", AttachmentSchema)],
  endpoint: ["one GEOPM endpoint", EndpointSchema],
  endpoints: ["document of `endpoints list` and `endpoints get`", list("EndpointList", EndpointSchema)],
  policy: ["one policy of a GEOPM policy store", PolicySchema],
  policies: ["document of `policies list` and `policies get`", list("PolicyList", PolicySchema)],
  container: ["one container of any engine", ContainerSchema],
  containers: ["document of `containers list` and `containers get`", list("ContainerList", ContainerSchema)],
  process: ["one privileged process", ProcessSchema],
  processes: ["document of `processes list` and `processes get`", list("ProcessList", ProcessSchema)],
  "container-answers": [
    "document of `containers hostname`, `containers pid` and `containers cgroup`",
    list("ContainerAnswerList", ContainerAnswerSchema),
  ],
  "job-reports": ["document of `jobs report`", list("JobReportList", JobReportSchema)],
  event: ["one event or audit row", EventSchema],
  events: ["document of `events`", list("EventList", EventSchema)],
  snapshot: [
    "document of `snapshot`",
    v.object({
      ...head("Snapshot"),
      source,
      complete,
      daemons: v.array(items.daemons),
      categories: v.array(items.categories),
      members: v.array(items.members),
      modules: v.array(items.modules),
      jobs: v.array(items.jobs),
      attachments: v.array(items.attachments),
      endpoints: v.array(items.endpoints),
      policies: v.array(items.policies),
      containers: v.array(items.containers),
      processes: v.array(items.processes),
      events: v.array(items.events),
      warnings,
    }),
  ],
  action: ["document of every action", v.object({ ...head("ActionResult"), ...ActionReportSchema.entries })],
  error: [
    "the line on standard error of every failure",
    v.object({
      schema: v.literal("muster/1"),
      kind: v.literal("Error"),
      error: ErrorRecordSchema,
      exitCode: v.number(),
    }),
  ],
  stream: ["one line of `watch`, `events --follow` and `play`", StreamLineSchema],
  doctor: ["document of `doctor`", DoctorSchema],
  run: [
    "document of `daemons run`",
    v.object({ ...head("DaemonRun"), pid: v.number(), pidFile: v.pipe(v.string(), note("locked while it lives")) }),
  ],
  service: [
    "document of `serve`, `serve --status` and `serve --stop`",
    v.object({
      ...head("ServiceStatus"),
      ...serviceState,
    }),
  ],
  unit: [
    "document of `serve --print-unit`",
    v.object({ ...head("Unit"), unit: v.picklist(["systemd", "openrc"]), text: v.string() }),
  ],
  recording: ["document of `record`", RecordingSchema],
  fixture: ["one line of a fixture (*.muster.ndjson)", FixtureLineSchema],
  rpc: ["the service's socket: JSON-RPC 2.0, one message a line", RpcSchema],
  records: [
    "document of `members list --record` and `members get --record`",
    list("MemberRecordList", MemberRecordSchema),
  ],
  "member-run": [
    "document of `members run --detach`",
    v.object({ ...head("MemberRun"), category: v.string(), pid: v.pipe(v.number(), note("of the command")) }),
  ],
  version: ["document of `--version`", v.object({ ...head("Version"), version: v.string(), bun: v.string() })],
} as const satisfies Record<string, readonly [string, v.GenericSchema]>;
