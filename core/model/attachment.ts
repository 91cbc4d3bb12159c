/** A process attached to a module: as a member of a job, or on its own. (SGI: pagg_task_s) */
import * as v from "valibot";
import { UsageSchema } from "./daemon.ts";

const note = v.description;

export const AttachmentSchema = v.object({
  id: v.pipe(v.string(), note("node/attachment/module/identity")),
  kind: v.literal("Attachment"),
  node: v.string(),
  module: v.pipe(v.string(), note("name of the module")),
  job: v.pipe(v.nullable(v.string()), note("jid of its job; null for other modules than job")),
  pid: v.number(),
  identity: v.pipe(v.string(), note("pid:starttime")),
  parentPid: v.number(),
  uid: v.nullable(v.number()),
  state: v.pipe(v.string(), note("letter of proc_pid_stat(5): R S D Z T ...")),
  comm: v.string(),
  argv: v.pipe(v.string(), note("as it was when it was last looked at")),
  startedAt: v.nullable(v.string()),
  data: v.pipe(v.nullable(v.string()), note("what the module keeps of it, in its own words")),
  usage: v.pipe(v.nullable(UsageSchema), note("null for what is not on a screen")),
});
export type Attachment = Readonly<v.InferOutput<typeof AttachmentSchema>>;
