import { actionById } from "./actions.ts";
import type { ActionRequest } from "./request.ts";

/** What needs a process that goes on: an endpoint belongs to the one that made it. */
const OF_POWER: ReadonlySet<string> = new Set(["endpoint.create", "endpoint.bind"]);

/**
 * Daemons last by themselves, and so do regions and policies. The process set and process aggregates are kept by whoever lasts:
 * he alone can change them, and only he knows what is asked of a job or a module.
 */
export function mustLast({ action, dryRun }: Pick<ActionRequest, "action" | "dryRun">): boolean {
  const spec = actionById(action);
  if (spec === undefined || dryRun) return false;
  if (spec.kind === "endpoints" || spec.kind === "policies") return OF_POWER.has(spec.id);
  return spec.kind !== "daemons";
}
