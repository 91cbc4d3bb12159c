import { actionById } from "./actions.ts";
import type { ActionRequest } from "./request.ts";

/**
 * Daemons last by themselves. The process set and process aggregates are kept by whoever lasts: he alone can change them, and
 * only he knows what is asked of a job or a module.
 */
export function mustLast({ action, dryRun }: Pick<ActionRequest, "action" | "dryRun">): boolean {
  const spec = actionById(action);
  return spec !== undefined && spec.kind !== "daemons" && !dryRun;
}
