/** What writing a kind needs to know: its document's name, its fields, the words a filter searches, its plain columns. */
import type { MusterEvent } from "#core/model/event.ts";
import type { Items, Kind } from "#core/model/kinds.ts";
import { CATEGORY_COLUMNS, DAEMON_COLUMNS, EVENT_COLUMNS, MEMBER_COLUMNS } from "./columns.ts";
import { type FieldTree, fieldTree } from "./field-tree.ts";
import { ENDPOINT_COLUMNS, POLICY_COLUMNS } from "./geopm-columns.ts";
import { ATTACHMENT_COLUMNS, JOB_COLUMNS, MODULE_COLUMNS } from "./pagg-columns.ts";
import { CONTAINER_COLUMNS, PROCESS_COLUMNS } from "./pmdaroot-columns.ts";
import attachmentSchema from "./schemas/attachment.json" with { type: "json" };
import categorySchema from "./schemas/category.json" with { type: "json" };
import containerSchema from "./schemas/container.json" with { type: "json" };
import daemonSchema from "./schemas/daemon.json" with { type: "json" };
import endpointSchema from "./schemas/endpoint.json" with { type: "json" };
import eventSchema from "./schemas/event.json" with { type: "json" };
import jobSchema from "./schemas/job.json" with { type: "json" };
import memberSchema from "./schemas/member.json" with { type: "json" };
import moduleSchema from "./schemas/module.json" with { type: "json" };
import policySchema from "./schemas/policy.json" with { type: "json" };
import processSchema from "./schemas/process.json" with { type: "json" };
import { compareText } from "./select.ts";
import type { Column } from "./table.ts";

export interface KindOutput<T> {
  readonly document: string;
  readonly fields: FieldTree;
  readonly searched: readonly string[];
  readonly columns: readonly Column<T>[];
  /** The order when no `--sort` is given. */
  readonly compare: (a: T, b: T) => number;
}

/** As they happened. Within a millisecond by number, which as text would put 10 before 9. */
function compareEvents(a: MusterEvent, b: MusterEvent): number {
  return compareText(a.at, b.at) || a.id.length - b.id.length || compareText(a.id, b.id);
}

export const KIND_OUTPUT: { readonly [K in Kind]: KindOutput<Items[K]> } = {
  daemons: {
    document: "DaemonList",
    fields: fieldTree(daemonSchema),
    searched: ["name", "label", "state", "pid", "comm"],
    columns: DAEMON_COLUMNS,
    compare: (a, b) => compareText(a.id, b.id),
  },
  categories: {
    document: "CategoryList",
    fields: fieldTree(categorySchema),
    searched: ["name"],
    columns: CATEGORY_COLUMNS,
    compare: (a, b) => compareText(a.id, b.id),
  },
  members: {
    document: "MemberList",
    fields: fieldTree(memberSchema),
    searched: ["category", "pid", "name", "state", "argv", "comm"],
    columns: MEMBER_COLUMNS,
    compare: (a, b) => compareText(a.id, b.id),
  },
  modules: {
    document: "ModuleList",
    fields: fieldTree(moduleSchema),
    searched: ["name", "state", "description", "path"],
    columns: MODULE_COLUMNS,
    compare: (a, b) => compareText(a.id, b.id),
  },
  jobs: {
    document: "JobList",
    fields: fieldTree(jobSchema),
    searched: ["jid", "user", "state", "command", "pid"],
    columns: JOB_COLUMNS,
    compare: (a, b) => compareText(a.id, b.id),
  },
  attachments: {
    document: "AttachmentList",
    fields: fieldTree(attachmentSchema),
    searched: ["module", "job", "pid", "comm", "argv", "data"],
    columns: ATTACHMENT_COLUMNS,
    compare: (a, b) => compareText(a.id, b.id),
  },
  endpoints: {
    document: "EndpointList",
    fields: fieldTree(endpointSchema),
    searched: ["name", "state", "agent", "profile", "nodes"],
    columns: ENDPOINT_COLUMNS,
    compare: (a, b) => compareText(a.id, b.id),
  },
  policies: {
    document: "PolicyList",
    fields: fieldTree(policySchema),
    searched: ["agent", "profile"],
    columns: POLICY_COLUMNS,
    compare: (a, b) => compareText(a.id, b.id),
  },
  containers: {
    document: "ContainerList",
    fields: fieldTree(containerSchema),
    searched: ["engine", "name", "containerId", "user", "state", "image", "hostName", "pid"],
    columns: CONTAINER_COLUMNS,
    compare: (a, b) => compareText(a.id, b.id),
  },
  processes: {
    document: "ProcessList",
    fields: fieldTree(processSchema),
    searched: ["label", "pid", "state", "commandLine", "starterUser"],
    columns: PROCESS_COLUMNS,
    compare: (a, b) => compareText(a.startedAt, b.startedAt) || compareText(a.id, b.id),
  },
  events: {
    document: "EventList",
    fields: fieldTree(eventSchema),
    searched: ["severity", "code", "target", "message", "action", "outcome"],
    columns: EVENT_COLUMNS,
    compare: compareEvents,
  },
};
