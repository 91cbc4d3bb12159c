import { actionById } from "./actions.ts";
import type { ActionRequest } from "./request.ts";

/** The process set is kept by whoever lasts; daemons last by themselves. */
export function mustLast({ action, dryRun }: Pick<ActionRequest, "action" | "dryRun">): boolean {
  const spec = actionById(action);
  return spec !== undefined && spec.kind !== "daemons" && spec.effect !== "read" && !dryRun;
}
