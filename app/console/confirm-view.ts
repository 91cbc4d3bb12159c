/** What a dialog that confirms says: the exact object, what is changed, and what became of it since the dialog opened. */
import { ACTIONS, actionById } from "#core/act/actions.ts";
import type { Items, Kind } from "#core/model/kinds.ts";
import { itemOf } from "#core/store/select.ts";
import type { ConsoleState } from "./console-store.ts";
import { fieldsFor, presentValues, type ValueChange, valueChanges } from "./policy-typing.ts";
import { isTakeOver, TAKE_OVER } from "./taking-over.ts";
import type { Layer } from "./ui-state.ts";

type ConfirmLayer = Layer & { readonly type: "confirm" };

export interface ConfirmView {
  readonly verb: string;
  readonly question: string;
  readonly facts: readonly (readonly [name: string, text: string])[];
  readonly consequence: string;
  /** What changed since the dialog opened; null if nothing did. */
  readonly change: string | null;
  readonly choice: "cancel" | "accept";
}

/** At most `most` of the values that change: of the others how many they are. */
export function confirmView(state: ConsoleState, layer: ConfirmLayer, most: number): ConfirmView {
  const { subject, ...action } = ACTIONS[layer.action];
  const { captured } = layer;
  const verb = isTakeOver(layer.arguments) ? "Take over" : action.title;
  const identity = captured.target.identity ?? null;
  const given = Object.entries(layer.arguments)
    // It is what the dialog is about, and no fact beside.
    .filter(([name, value]) => name !== TAKE_OVER && value !== "")
    .map(([name, value]) => [name, String(value)] as const);
  const values = given.map(([, value]) => value).join(" ");
  const hasProcess = HAVE_PROCESS.includes(captured.kind) || identity !== null;
  const facts = [
    ...(subject === "new" ? [] : [["item", captured.target.id] as const]),
    ...(hasProcess ? [["process", processText(identity)] as const] : []),
    ...(layer.changes === null
      ? given.filter(([name]) => name !== "pid" || !hasProcess)
      : changed(layer.changes, most)),
  ];
  return {
    verb,
    question: questionOf(verb, subject === "new" || layer.changes !== null ? "" : values, captured.label),
    facts,
    consequence: layer.consequence,
    change: changeSince(state, layer),
    choice: layer.choice,
  };
}

const questionOf = (title: string, values: string, label: string) =>
  values === "" ? `${title} ${label}?` : `${title} ${values} to ${label}?`;

function changed(changes: readonly ValueChange[], most: number): readonly ValueChange[] {
  const more = changes.length - most;
  return more > 0 ? [...changes.slice(0, most), ["", `and ${more} more`]] : changes;
}

/** Kinds whose items are one process, or are to be one. */
const HAVE_PROCESS: readonly Kind[] = ["daemons", "members", "attachments", "processes"];

const processText = (identity: string | null) =>
  identity === null ? "none" : `pid ${identity.replace(":", ", started at tick ")}`;

/** The dialog speaks of the moment it was opened; what happened to its object since is said beside it. */
function changeSince(state: ConsoleState, layer: ConfirmLayer): string | null {
  const { captured } = layer;
  if (layer.changes !== null && captured.kind === "policies") return valuesSince(state, layer);
  if (ACTIONS[layer.action].subject === "new") return null;
  const item = itemOf(state.latest, captured.kind, captured.target.id);
  if (!item) return `${captured.label} is gone meanwhile.`;
  const reason = actionById(layer.action)?.when(item) ?? null;
  if (reason !== null && item.kind !== "Daemon") return `Meanwhile: ${reason}. The action will be refused.`;
  if (
    HAVE_PROCESS.includes(captured.kind) &&
    "identity" in item &&
    item.identity !== (captured.target.identity ?? null)
  ) {
    const now = item.identity === null ? "its process has ended" : `it is another process now (${item.identity})`;
    return `${captured.label} changed meanwhile: ${now}. The action will be refused.`;
  }
  return otherConsequence(item, layer);
}

/** A member that ended, a controller that attached: what is done is something else then. A job only counts its processes. */
function otherConsequence(item: Items[Kind], { action, consequence }: ConfirmLayer): string | null {
  if (item.kind !== "Member" && item.kind !== "Endpoint") return null;
  const now = actionById(action)?.consequence?.(item);
  return now === undefined || consequence.endsWith(now) ? null : `Meanwhile: ${now}`;
}

/** Whether other values are there by now than the dialog says. */
function valuesSince({ latest }: ConsoleState, { captured, arguments: given, changes }: ConfirmLayer): string | null {
  const item = itemOf(latest, captured.kind, captured.target.id);
  const now = valueChanges(presentValues(item), String(given.values ?? ""), fieldsFor(latest, captured));
  return Bun.deepEquals(now, changes) ? null : `${captured.label} was changed meanwhile; this would write over it.`;
}
