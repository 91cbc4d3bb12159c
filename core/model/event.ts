/** Events and audit rows: what happened, when, to what. Append-only, kept in the journal. */
import * as v from "valibot";

export const SEVERITIES = ["info", "warn", "error"] as const;
export type Severity = (typeof SEVERITIES)[number];

/** code -> what it tells. Open: consumers accept new ones. */
export const EVENT_CODES = {
  DAEMON_UP: "a daemon holds its lock and wrote its pid",
  DAEMON_STARTING: "a daemon holds its lock and initializes",
  DAEMON_STOPPING: "a daemon has emptied its pid file and is about to exit",
  DAEMON_DOWN: "a daemon's pid file is free and empty, or gone",
  DAEMON_STALE: "a daemon ended without emptying its pid file",
  DAEMON_EXIT: "a daemon's process ended",
  DAEMON_UNLOCKED: "a pid file names a living process that does not lock it",
  DAEMON_UNKNOWN: "a daemon's pid file cannot be read",
  DAEMON_FAILED: "a daemon that is wanted up is not",
  ACTION_BEGUN: "an action is about to have its effect (audit, first row)",
  ACTION_ENDED: "how the action ended (audit, second row)",
  ACTION_UNFINISHED: "an action of an earlier run never ended: its effect is unknown",
  CONFIG_PROBLEM: "a configuration file has a mistake; the rest was loaded",
  CONFIG_LOADED: "the service has read its configuration again",
  SERVICE_STARTED: "muster's service has begun",
  SERVICE_STOPPED: "muster's service has ended as it was told to",
  SOURCE_FAILED: "a source of facts cannot be read",
  "sys.unix.psm.set.added": "the process set is kept from now on",
  "sys.unix.psm.set.removed": "the process set is no longer kept",
  "sys.unix.psm.category.added": "a category was added to the process set",
  "sys.unix.psm.category.removed": "a category was removed from the process set",
  "sys.unix.psm.member.added": "a process was registered in a category",
  "sys.unix.psm.member.removed": "a member was taken out of the process set",
  "sys.unix.psm.member.exited": "a member's process ended",
  JOB_CREATED: "a job was created",
  JOB_ENDED: "the last process of a job has left it",
  JOB_FROZEN: "the processes of a job stand still",
  JOB_THAWED: "the processes of a job go on",
  MODULE_REGISTERED: "a PAGG module was registered",
  MODULE_UNREGISTERED: "a PAGG module was unregistered",
  MODULE_FAILED: "a PAGG module threw or stalled and was unloaded, or could not be loaded when the service started",
  ATTACH_FAILED: "a module did not take a child in: it is left out",
  ENDPOINT_ATTACHED: "a controller has attached at an endpoint",
  ENDPOINT_DETACHED: "a controller has left an endpoint",
  ENDPOINT_STALE: "a controller has sent nothing for too long",
  ENDPOINT_FRESH: "a controller that had sent nothing for too long sends again",
  ENDPOINT_ABANDONED: "the controller of an endpoint died without detaching",
  ENDPOINT_ORPHANED: "the owner of an endpoint is gone",
  ENDPOINT_BROKEN: "the regions of an endpoint cannot be used",
  ENDPOINT_STUCK: "a lock of an endpoint is held and not given back",
  ENDPOINT_LOCK_RECOVERED: "the lock of an endpoint was held by a thread that is dead: it was freed",
  POLICY_WRITTEN: "a policy was written to a controller",
  POLICY_MISSING: "the store has no policy for a controller",
  CONTAINER_UP: "the first process of a container runs",
  CONTAINER_DOWN: "the first process of a container is gone",
  CONTAINER_REMOVED: "an engine has forgotten a container",
  PROCESS_STARTED: "a privileged process was started",
  PROCESS_EXITED: "a privileged process ended",
  SOURCE_REPAIRED: "events were lost or a source came back; all was read again",
} as const;
export type EventCode = keyof typeof EVENT_CODES;

export const EventSchema = v.object({
  id: v.pipe(v.string(), v.description("node/event/number")),
  kind: v.literal("Event"),
  at: v.pipe(v.string(), v.description("RFC 3339, UTC")),
  severity: v.picklist(SEVERITIES),
  code: v.pipe(v.string(), v.description("one of the event codes; new ones may come")),
  target: v.pipe(v.nullable(v.string()), v.description("id of the item it is about")),
  message: v.string(),
  requestId: v.pipe(v.nullable(v.string()), v.description("joins the two audit rows of one action")),
  action: v.pipe(v.nullable(v.string()), v.description("id of the action, in audit rows")),
  outcome: v.pipe(
    v.nullable(v.string()),
    v.description("done, unchanged, refused, failed or unknown, in the second audit row"),
  ),
  variables: v.pipe(
    v.nullable(v.record(v.string(), v.union([v.string(), v.number()]))),
    v.description("what the event's text was made of, by name"),
  ),
  actor: v.pipe(v.nullable(v.string()), v.description("uid and door of who asked, in audit rows, such as `0 cli`")),
});
export type MusterEvent = Readonly<v.InferOutput<typeof EventSchema>>;
