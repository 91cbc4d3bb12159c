/** The topmost dialog, if there is one. */
import { ACTIONS, actionById } from "#core/act/actions.ts";
import type { Kind } from "#core/model/kinds.ts";
import { itemOf } from "#core/store/select.ts";
import type { ConsoleState } from "./console-store.ts";
import type { Desk } from "./desk.ts";
import { helpEntries } from "./help-entries.ts";
import type { Rect } from "./layout.ts";
import { nameQuestion, PROFILE } from "./making.ts";
import { AnswerDialog } from "./parts/answer-dialog.tsx";
import { ConfirmDialog } from "./parts/confirm-dialog.tsx";
import { HelpOverlay } from "./parts/help-overlay.tsx";
import { PickOverlay } from "./parts/pick-overlay.tsx";
import { PlacesMenu } from "./parts/places-menu.tsx";
import { PromptDialog } from "./parts/prompt-dialog.tsx";
import { SortMenu } from "./parts/sort-menu.tsx";
import { pickRows } from "./pick-rows.ts";
import { holderOf } from "./picking.ts";
import {
  fieldsFor,
  presentValues,
  typedFields,
  type ValueChange,
  valueChanges,
  WRITES_VALUES,
} from "./policy-typing.ts";
import { type Layer, type Purpose, topLayer } from "./ui-state.ts";
import { paneOf, paneStateOf } from "./view.ts";

export interface OverlayProps {
  readonly desk: Desk;
  readonly state: ConsoleState;
  readonly body: Rect;
}

export function Overlay({ desk, state, body }: OverlayProps) {
  const { skin } = desk;
  const layer = topLayer(state.ui);
  switch (layer?.type) {
    case undefined:
    case "filter":
      return null;
    case "help": {
      const entries = helpEntries(desk.keymap, state, layer.field.text, desk.service.isReadOnly);
      const title = `Keys: ${paneOf(state).title}`;
      return (
        <HelpOverlay skin={skin} body={body} title={title} entries={entries} row={layer.row} field={layer.field} />
      );
    }
    case "sort": {
      const { columns } = paneOf(state);
      const { sort } = paneStateOf(state);
      const sorted = columns.findIndex((column) => column.id === sort.column);
      const titles = columns.map((column) => column.title);
      return (
        <SortMenu skin={skin} body={body} titles={titles} row={layer.row} sorted={sorted} isReverse={sort.isReverse} />
      );
    }
    case "places": {
      const { title, places, row } = layer;
      return <PlacesMenu skin={skin} body={body} title={title} places={places} row={row} />;
    }
    case "prompt":
      return (
        <PromptDialog
          skin={skin}
          body={body}
          {...wordsOf(layer)}
          typed={typedOf(state, layer, body)}
          field={layer.field}
          problem={layer.problem}
        />
      );
    case "pick":
      return (
        <PickOverlay
          skin={skin}
          body={body}
          field={layer.field}
          rows={pickRows(layer.processes ?? [], layer.field.text)}
          total={layer.processes?.length ?? null}
          row={layer.row}
          problem={layer.problem}
          title={pickTitle(layer.purpose)}
          holderOf={({ identity }) => holderOf(state.latest, layer.purpose, identity)}
        />
      );
    case "confirm":
      return <Confirm desk={desk} state={state} body={body} layer={layer} />;
    case "answer": {
      const { title, message, facts, offset } = layer;
      return <AnswerDialog skin={skin} body={body} title={title} message={message} facts={facts} offset={offset} />;
    }
  }
}

/** What a prompt says around its field. */
function wordsOf({ action, ask }: Layer & { readonly type: "prompt" }) {
  const { title } = ACTIONS[action];
  switch (ask.type) {
    case "argument": {
      const { argument, captured } = ask;
      return { title: `${title}: ${captured.label}`, label: argument.title, description: argument.description };
    }
    case "name": {
      const { label, description } = nameQuestion(action);
      return { title, label, description };
    }
    case "profile": {
      const { label, description } = PROFILE;
      return { title: `${title}: ${ask.agent}`, label, description };
    }
    case "category": {
      const { pid, command } = ask.process;
      return {
        title: `${title}: process ${pid}`,
        label: "category",
        description: `${command}. Where there is no such category it is made, unless psm_mem_autocat is off.`,
      };
    }
  }
}

/** The values around the caret, as far as there is room to say what they mean. */
function typedOf(state: ConsoleState, { action, ask, field }: Layer & { readonly type: "prompt" }, body: Rect) {
  if (ask.type !== "argument" || !WRITES_VALUES.includes(action)) return [];
  return typedFields(field, fieldsFor(state.shown, ask.captured), body.rows >= 16 ? 6 : 3);
}

function pickTitle(purpose: Purpose): string {
  if (purpose.type === "member") return "Register which process?";
  return purpose.type === "job"
    ? "Create a job for which process?"
    : `Attach which process to ${purpose.captured.label}?`;
}

/** It is what the dialog is about, and no fact beside. */
const TAKE_OVER = "take-over";

type ConfirmLayer = Layer & { readonly type: "confirm" };

interface ConfirmProps extends OverlayProps {
  readonly layer: ConfirmLayer;
}

function Confirm({ desk, state, body, layer }: ConfirmProps) {
  const { subject, ...action } = ACTIONS[layer.action];
  const { captured } = layer;
  const isTakeOver = layer.arguments[TAKE_OVER] === true;
  const title = isTakeOver ? "Take over" : action.title;
  const identity = captured.target.identity ?? null;
  const given = Object.entries(layer.arguments)
    .filter(([name, value]) => name !== TAKE_OVER && value !== "")
    .map(([name, value]) => [name, String(value)] as const);
  const values = given.map(([, value]) => value).join(" ");
  const hasProcess = HAVE_PROCESS.includes(captured.kind) || identity !== null;
  const facts = [
    ...(subject === "new" ? [] : [["item", captured.target.id] as const]),
    ...(hasProcess ? [["process", processText(identity)] as const] : []),
    ...(layer.changes === null
      ? given.filter(([name]) => name !== "pid" || !hasProcess)
      : changed(layer.changes, body)),
  ];
  return (
    <ConfirmDialog
      skin={desk.skin}
      body={body}
      verb={title}
      question={questionOf(title, subject === "new" || layer.changes !== null ? "" : values, captured.label)}
      facts={facts}
      consequence={layer.consequence}
      change={changeSince(state, layer)}
      choice={layer.choice}
    />
  );
}

const questionOf = (title: string, values: string, label: string) =>
  values === "" ? `${title} ${label}?` : `${title} ${values} to ${label}?`;

/** As many as there is room for; of the others how many they are. */
function changed(changes: readonly ValueChange[], body: Rect): readonly ValueChange[] {
  const most = body.rows >= 16 ? 6 : 2;
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
  return null;
}

/** Whether other values are there by now than the dialog says. */
function valuesSince({ latest }: ConsoleState, { captured, arguments: given, changes }: ConfirmLayer): string | null {
  const item = itemOf(latest, captured.kind, captured.target.id);
  const now = valueChanges(presentValues(item), String(given.values ?? ""), fieldsFor(latest, captured));
  return Bun.deepEquals(now, changes) ? null : `${captured.label} was changed meanwhile; this would write over it.`;
}
