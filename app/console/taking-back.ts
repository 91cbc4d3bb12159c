/** What takes an action back: its inverse, or, of what was written over, what stood there before. */
import type { ActionId } from "#core/act/actions.ts";
import { valuesText } from "#core/act/power-values.ts";
import type { ActionResult } from "#core/act/request.ts";
import type { Items, Kind } from "#core/model/kinds.ts";
import type { Captured, Undo } from "./ui-state.ts";

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
  return result.undo === null ? null : { action: result.undo, kind, id: result.id, label, arguments: {} };
}
