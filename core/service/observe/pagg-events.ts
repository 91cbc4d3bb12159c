/** What a change of jobs and modules is worth an event. Forks and exits inside a job are none: a storm of them tells nothing. */
import type { NewEvent } from "#core/journal/journal.ts";
import { makeId } from "#core/model/id.ts";
import type { Job, JobReport } from "#core/model/job.ts";
import type { ModuleChange } from "#core/pagg/change.ts";

export type PaggEvent = Omit<NewEvent, "atMs">;

export function jobCreated(
  node: string,
  { jid, user, uid, command }: Pick<Job, "jid" | "user" | "uid" | "command">,
): PaggEvent {
  return {
    severity: "info",
    code: "JOB_CREATED",
    target: makeId(node, "job", jid),
    message: `job ${jid} of ${user ?? uid} was created: ${command}`,
  };
}

/** info: it ended well or was let out. warn: its last process failed, or nobody saw how it ended. */
export function jobEnded(node: string, { jid, reason, exit, command }: JobReport): PaggEvent {
  const how = reason === "detach" ? "its processes were let out" : (exit?.text ?? "nobody saw how");
  const isWell = reason === "detach" || exit?.status === 0;
  return {
    severity: isWell ? "info" : "warn",
    code: "JOB_ENDED",
    target: makeId(node, "job", jid),
    message: `job ${jid} has ended: ${how} (${command})`,
  };
}

/** null where nothing began or ceased to stand still. */
export function jobStateChanged(node: string, { jid, state }: Job, before: Job["state"]): PaggEvent | null {
  const isFrozen = state === "frozen";
  const isThawed = state === "running" && (before === "frozen" || before === "freezing");
  if (state === before || !(isFrozen || isThawed)) return null;
  return {
    severity: "info",
    code: isFrozen ? "JOB_FROZEN" : "JOB_THAWED",
    target: makeId(node, "job", jid),
    message: isFrozen ? `the processes of job ${jid} stand still` : `the processes of job ${jid} go on`,
  };
}

export function moduleEvent(node: string, change: ModuleChange): PaggEvent | null {
  const event = (
    severity: PaggEvent["severity"],
    code: PaggEvent["code"],
    module: string,
    message: string,
  ): PaggEvent => {
    return { severity, code, target: makeId(node, "module", module), message };
  };
  switch (change.type) {
    case "registered":
      return event("info", "MODULE_REGISTERED", change.module, `the module ${change.module} was registered`);
    case "unregistered":
      return event("info", "MODULE_UNREGISTERED", change.module, `the module ${change.module} was unregistered`);
    case "failed":
      return event("error", "MODULE_FAILED", change.module, `the module ${change.module}: ${change.problem.message}`);
    case "refused":
      return event("warn", "ATTACH_FAILED", change.module, `process ${change.pid} was left out: ${change.message}`);
    case "loading":
    case "forgotten":
    case "attached":
    case "changed":
    case "detached":
      return null;
  }
}
