/**
 * Who may do what: the one table. It is asked before the kernel is, because the service acts with its own rights and not
 * with those of who asks. Read-only mode is another gate (core/act/gate.ts) and stands behind this one.
 */
import type { ActionId } from "#core/act/actions.ts";
import { MusterError } from "#core/model/error.ts";
import type { Caller } from "./caller.ts";

/** service: root, or the user the service runs as; owner: these, or the user the target belongs to. */
export type Rule = "anyone" | "service" | "owner";

export interface Privilege {
  readonly rule: Rule;
  /** What stands in for the rule: with it the caller could do the same by himself. */
  readonly capability: Capability | null;
}

/** capabilities(7) */
export const CAPABILITIES = { CAP_DAC_READ_SEARCH: 2, CAP_KILL: 5, CAP_SYS_ADMIN: 21, CAP_SYS_RESOURCE: 24 } as const;
export type Capability = keyof typeof CAPABILITIES;

/** What the table has a row for. */
export type PrivilegedAction = ActionId | "read" | "read.elsewhere";

/**
 * A check takes the guard lock and so can hold up an action: that is not for everyone. Nor is it to have the service look at a
 * path that is in no list: it sees what who asks may not.
 */
export const PRIVILEGES: Readonly<Record<PrivilegedAction, Privilege>> = {
  read: { rule: "anyone", capability: null },
  "read.elsewhere": { rule: "service", capability: "CAP_DAC_READ_SEARCH" },
  "daemon.start": { rule: "service", capability: null },
  "daemon.stop": { rule: "service", capability: "CAP_KILL" },
  "daemon.kill": { rule: "service", capability: "CAP_KILL" },
  "daemon.restart": { rule: "service", capability: null },
  "daemon.reload": { rule: "service", capability: "CAP_KILL" },
  "daemon.signal": { rule: "service", capability: "CAP_KILL" },
  "daemon.check": { rule: "service", capability: "CAP_KILL" },
  "category.add": { rule: "service", capability: "CAP_SYS_ADMIN" },
  "category.remove": { rule: "service", capability: "CAP_SYS_ADMIN" },
  "member.add": { rule: "owner", capability: "CAP_SYS_ADMIN" },
  "member.remove": { rule: "owner", capability: "CAP_SYS_ADMIN" },
  "member.state": { rule: "owner", capability: "CAP_SYS_ADMIN" },
  "member.signal": { rule: "owner", capability: "CAP_KILL" },
  "module.check": { rule: "anyone", capability: null },
  "module.load": { rule: "service", capability: null },
  "module.unload": { rule: "service", capability: null },
  "module.ctl": { rule: "anyone", capability: null },
  "job.create": { rule: "service", capability: "CAP_SYS_RESOURCE" },
  "job.attach": { rule: "service", capability: "CAP_SYS_RESOURCE" },
  "job.detach": { rule: "service", capability: "CAP_SYS_RESOURCE" },
  "job.kill": { rule: "owner", capability: "CAP_SYS_RESOURCE" },
  "job.wait": { rule: "anyone", capability: null },
  "job.pids": { rule: "anyone", capability: null },
  "job.freeze": { rule: "owner", capability: "CAP_SYS_RESOURCE" },
  "job.thaw": { rule: "owner", capability: "CAP_SYS_RESOURCE" },
  "attachment.detach": { rule: "service", capability: "CAP_SYS_RESOURCE" },
  "attachment.signal": { rule: "owner", capability: "CAP_KILL" },
  "endpoint.create": { rule: "service", capability: null },
  "endpoint.destroy": { rule: "service", capability: null },
  "endpoint.policy": { rule: "service", capability: null },
  "endpoint.sample": { rule: "anyone", capability: null },
  "endpoint.wait": { rule: "anyone", capability: null },
  "endpoint.bind": { rule: "service", capability: null },
  "endpoint.unbind": { rule: "service", capability: null },
  "endpoint.release": { rule: "service", capability: null },
  "policy.set": { rule: "service", capability: null },
  "policy.remove": { rule: "service", capability: null },
  "process.start": { rule: "service", capability: null },
  "process.wait": { rule: "anyone", capability: null },
  "process.terminate": { rule: "service", capability: null },
  "process.signal": { rule: "service", capability: null },
};

/** Null if the caller may; else why not and what it takes. `ownerUid` is the target's; null if it has none. */
export function authorize(action: PrivilegedAction, caller: Caller, ownerUid: number | null): MusterError | null {
  const { rule, capability } = PRIVILEGES[action];
  if (rule === "anyone" || caller.uid === 0 || caller.uid === caller.serviceUid) return null;
  if (rule === "owner" && ownerUid !== null && caller.uid === ownerUid) return null;
  if (capability !== null && hasCapability(caller, capability)) return null;
  return new MusterError("PERMISSION_DENIED", `uid ${caller.uid} may not do ${action}`, {
    errno: "EPERM",
    hint: `needs ${needOf(rule, capability, caller.serviceUid, ownerUid)}`,
  });
}

export function hasCapability({ capabilities }: Caller, name: Capability): boolean {
  return ((capabilities >> BigInt(CAPABILITIES[name])) & 1n) === 1n;
}

function needOf(rule: Rule, capability: Capability | null, serviceUid: number, ownerUid: number | null): string {
  const uids = new Set([0, serviceUid, ...(rule === "owner" && ownerUid !== null ? [ownerUid] : [])]);
  const needs = [...uids].map((uid) => `uid ${uid}`);
  if (capability !== null) needs.push(`${capability} in the service's user namespace`);
  return needs.join(" or ");
}
