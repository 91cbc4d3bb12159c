/** A privileged process: one that was started by the service, or by its root server for a client. (PCP: pmdaRootProcessStart) */
import * as v from "valibot";
import { ExitSchema, UsageSchema } from "./daemon.ts";

const note = v.description;

export const PROCESS_STATES = ["running", "exited"] as const;

/** service: by an action of muster; socket: by a client at the root server's socket. */
export const PROCESS_DOORS = ["service", "socket"] as const;
export type ProcessDoor = (typeof PROCESS_DOORS)[number];

export const ProcessSchema = v.object({
  id: v.pipe(v.string(), note("node/process/identity")),
  kind: v.literal("Process"),
  node: v.string(),
  label: v.pipe(v.string(), note("what its starter calls it; not unique")),
  pid: v.number(),
  identity: v.pipe(v.string(), note("pid:starttime of the process that was started")),
  program: v.pipe(v.string(), note("first word of the command line")),
  commandLine: v.pipe(v.string(), note("as it was asked for: split at blanks, without quotes")),
  via: v.pipe(v.picklist(PROCESS_DOORS), note("through which door it was asked for")),
  starterUid: v.pipe(v.number(), note("who had it started")),
  starterUser: v.nullable(v.string()),
  starterPid: v.pipe(v.nullable(v.number()), note("the client at the socket, or the command that asked")),
  state: v.picklist(PROCESS_STATES),
  exitCode: v.pipe(
    v.nullable(v.number()),
    note("wait status as in waitpid(2); null while it runs or if nobody could learn it"),
  ),
  exit: v.pipe(v.nullable(ExitSchema), note("when and how it ended, in words")),
  waited: v.pipe(v.boolean(), note("its end was told to whoever had it started")),
  adopted: v.pipe(v.boolean(), note("an earlier run of the service started it")),
  startedAt: v.string(),
  usage: v.pipe(v.nullable(UsageSchema), note("null for what does not run or is not on a screen")),
});
export type Process = Readonly<v.InferOutput<typeof ProcessSchema>>;
