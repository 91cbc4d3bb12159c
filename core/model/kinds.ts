/** The kinds of item, by the word used on the command line: the one list that panes, commands, streams and schemas share. */
import { type Attachment, AttachmentSchema } from "./attachment.ts";
import { type Category, CategorySchema } from "./category.ts";
import { type Container, ContainerSchema } from "./container.ts";
import { type Daemon, DaemonSchema } from "./daemon.ts";
import { type Endpoint, EndpointSchema } from "./endpoint.ts";
import { EventSchema, type MusterEvent } from "./event.ts";
import { type Job, JobSchema } from "./job.ts";
import type { Kind } from "./kind-names.ts";
import { type Member, MemberSchema } from "./member.ts";
import { type Module, ModuleSchema } from "./module.ts";
import { type Policy, PolicySchema } from "./policy.ts";
import { type Process, ProcessSchema } from "./process.ts";

export type { Kind } from "./kind-names.ts";

export interface Items {
  daemons: Daemon;
  categories: Category;
  members: Member;
  modules: Module;
  jobs: Job;
  attachments: Attachment;
  endpoints: Endpoint;
  policies: Policy;
  containers: Container;
  processes: Process;
  events: MusterEvent;
}

export const KINDS = {
  daemons: { item: "Daemon", list: "DaemonList", schema: DaemonSchema, title: "Daemons" },
  categories: { item: "Category", list: "CategoryList", schema: CategorySchema, title: "Categories" },
  members: { item: "Member", list: "MemberList", schema: MemberSchema, title: "Members" },
  modules: { item: "Module", list: "ModuleList", schema: ModuleSchema, title: "Modules" },
  jobs: { item: "Job", list: "JobList", schema: JobSchema, title: "Jobs" },
  attachments: { item: "Attachment", list: "AttachmentList", schema: AttachmentSchema, title: "Attachments" },
  endpoints: { item: "Endpoint", list: "EndpointList", schema: EndpointSchema, title: "Endpoints" },
  policies: { item: "Policy", list: "PolicyList", schema: PolicySchema, title: "Policies" },
  containers: { item: "Container", list: "ContainerList", schema: ContainerSchema, title: "Containers" },
  processes: { item: "Process", list: "ProcessList", schema: ProcessSchema, title: "Processes" },
  events: { item: "Event", list: "EventList", schema: EventSchema, title: "Events" },
} as const satisfies Record<Kind, { item: string; list: string; schema: unknown; title: string }>;
