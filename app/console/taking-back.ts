/** What takes an action back: its inverse, or, of what was written over, what stood there before. */
import type { ActionId } from "#core/act/actions.ts";
import { valuesText } from "#core/act/power-values.ts";
import type { ActionResult } from "#core/act/request.ts";
import type { Items, Kind } from "#core/model/kinds.ts";
import type { Captured, NoUndo, Undo } from "./ui-state.ts";

/** What it may have done is done: what takes back the action before it is not offered in its place. */
export const cannotBeTakenBack = (what: string): NoUndo => ({
  action: null,
  reason: `${what} was the last action: it cannot be taken back`,
});

/** `before`: the item as it was when the operator asked; undefined if there was none. null: nothing takes it back. */
export function undoOf(
  id: ActionId,
  { kind, label }: Captured,
  result: ActionResult,
  before: Items[Kind] | undefined,
): Undo | null {
  if (result.outcome !== "done") return null;
  if (id === "policy.set" || id === "policy.remove") {
    if (before?.kind === "Policy") {
      // What could not be read cannot be written again.
      if (before.fields.length === 0) return null;
      return { action: "policy.set", kind, id: result.id, label, arguments: { values: valuesText(before.fields) } };
    }
    return id === "policy.set" ? { action: "policy.remove", kind, id: result.id, label, arguments: {} } : null;
  }
  if (id === "endpoint.unbind" && before?.kind === "Endpoint" && before.store !== null) {
    return { action: "endpoint.bind", kind, id: result.id, label, arguments: { policystore: before.store } };
  }
  return result.undo === null ? null : { action: result.undo, kind, id: result.id, label, arguments: {} };
}
