/** A member of the process set: a registered process, alive or ended with its status kept. (Tru64: psm_memrsp_t) */
import * as v from "valibot";
import { ExitSchema, UsageSchema } from "./daemon.ts";

const note = v.description;

export const MemberSchema = v.object({
  id: v.pipe(v.string(), note("node/member/category/identity")),
  kind: v.literal("Member"),
  node: v.string(),
  category: v.string(),
  name: v.pipe(v.string(), note("unique in the cluster: node-id-process-id")),
  pid: v.number(),
  identity: v.pipe(v.string(), note("pid:starttime of the process that was registered")),
  uid: v.pipe(v.number(), note("its user when it was registered: the owner of this entry")),
  comm: v.pipe(v.nullable(v.string()), note("name of the living process, as in /proc/PID/comm")),
  state: v.pipe(v.string(), note("`running`, `exited`, or what its owner set")),
  flags: v.object({
    exit: v.pipe(v.boolean(), note("PSM_FL_EXIT: it has ended")),
    argvTruncated: v.pipe(v.boolean(), note("PSM_FL_ARGTRUNC: the saved argv is not all of it")),
  }),
  exitCode: v.pipe(
    v.nullable(v.number()),
    note("wait status as in waitpid(2); null while it runs or if it is not known"),
  ),
  exit: v.pipe(v.nullable(ExitSchema), note("when and how it ended, in words")),
  argv: v.pipe(v.string(), note("as it was at registration, at most 167 bytes, never read again")),
  registeredAt: v.string(),
  startedAt: v.nullable(v.string()),
  usage: v.pipe(v.nullable(UsageSchema), note("null for what does not run or is not on a screen")),
});
export type Member = Readonly<v.InferOutput<typeof MemberSchema>>;
