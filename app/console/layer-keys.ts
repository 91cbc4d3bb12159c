/** Keys inside a dialog or a text field. Esc takes away exactly the layer it is pressed in. */

import { changePane, moveCursor, setFilter } from "./base-commands.ts";
import type { Desk } from "./desk.ts";
import { goTo } from "./going.ts";
import { helpEntries } from "./help-entries.ts";
import type { Binding } from "./keymap.ts";
import { answerText } from "./parts/answer-dialog.tsx";
import { pickRoom } from "./parts/pick-overlay.tsx";
import { placesRoom } from "./parts/places-menu.tsx";
import { pickRows } from "./pick-rows.ts";
import { defaultSortFor } from "./sort-choice.ts";
import { edit, insert, type TextField } from "./text-field.ts";
import type { Layer } from "./ui-state.ts";
import { layoutOf, paneOf, paneStateOf, rowKindOf } from "./view.ts";

type LayerOf<T extends Layer["type"]> = Layer & { readonly type: T };

export function pressInLayer(desk: Desk, layer: Layer, key: string, perform: (binding: Binding) => void) {
  const binding = desk.keymap.find(layer.type, rowKindOf(desk.store.state()), key);
  const command = binding?.type === "command" ? binding.command : null;
  switch (layer.type) {
    case "filter":
      return pressInFilter(desk, layer, command, key);
    case "help":
      return pressInHelp(desk, layer, command, key, perform);
    case "sort":
      return pressInSort(desk, layer, command);
    case "places":
      return pressInPlaces(desk, layer, command);
    case "prompt":
      return pressInPrompt(desk, layer, command, key);
    case "pick":
      return pressInPick(desk, layer, command, key);
    case "confirm":
      return pressInConfirm(desk, layer, command);
    case "answer":
      return pressInAnswer(desk, layer, command);
  }
}

export function pasteInLayer(desk: Desk, layer: Layer, text: string) {
  if (!("field" in layer)) return;
  const firstLine = text.split(/[\r\n]/, 1)[0] ?? "";
  setField(desk, layer, insert(layer.field, firstLine));
}

type FieldLayer = LayerOf<"filter"> | LayerOf<"help"> | LayerOf<"prompt"> | LayerOf<"pick">;

function setField(desk: Desk, layer: FieldLayer, field: TextField) {
  switch (layer.type) {
    case "filter":
      desk.store.dispatch({ type: "replace", layer: { ...layer, field } });
      return setFilter(desk, field.text);
    case "help":
      return desk.store.dispatch({ type: "replace", layer: { ...layer, field, row: 0 } });
    case "prompt": {
      const next = { ...layer, field, problem: null };
      return desk.store.dispatch({ type: "replace", layer: { ...next, problem: desk.acts.typing(next) } });
    }
    case "pick":
      return desk.store.dispatch({ type: "replace", layer: { ...layer, field, row: 0, problem: null } });
  }
}

function type(desk: Desk, layer: FieldLayer, key: string): void {
  const field = edit(layer.field, key);
  if (field !== null && field !== layer.field) setField(desk, layer, field);
}

const pop = (desk: Desk) => desk.store.dispatch({ type: "pop" });

function pressInFilter(desk: Desk, layer: LayerOf<"filter">, command: string | null, key: string) {
  if (command === "filter-keep") return pop(desk);
  if (command === "filter-clear") {
    pop(desk);
    return setFilter(desk, "");
  }
  if (command === "filter-down") return moveCursor(desk, 1);
  if (command === "filter-up") return moveCursor(desk, -1);
  type(desk, layer, key);
}

function pressInHelp(
  desk: Desk,
  layer: LayerOf<"help">,
  command: string | null,
  key: string,
  perform: (binding: Binding) => void,
) {
  const entries = helpEntries(desk.keymap, desk.store.state(), layer.field.text, desk.service.isReadOnly);
  const step = (delta: number) => {
    const row = Math.max(0, Math.min(entries.length - 1, layer.row + delta));
    desk.store.dispatch({ type: "replace", layer: { ...layer, row } });
  };
  if (command === "help-close") return pop(desk);
  if (command === "help-down") return step(1);
  if (command === "help-up") return step(-1);
  if (command !== "help-run") return type(desk, layer, key);
  const entry = entries[layer.row];
  if (!entry) return;
  pop(desk);
  perform(entry.binding);
}

function pressInSort(desk: Desk, layer: LayerOf<"sort">, command: string | null) {
  const state = desk.store.state();
  const { columns } = paneOf(state);
  const step = (delta: number) => {
    const row = Math.max(0, Math.min(columns.length - 1, layer.row + delta));
    desk.store.dispatch({ type: "replace", layer: { type: "sort", row } });
  };
  if (command === "sort-down") return step(1);
  if (command === "sort-up") return step(-1);
  if (command === "sort-close") return pop(desk);
  const { sort } = paneStateOf(state);
  if (command === "sort-reverse") changePane(desk, { sort: { ...sort, isReverse: !sort.isReverse } });
  else if (command === "sort-choose") changePane(desk, { sort: defaultSortFor(columns[layer.row], sort) });
  else return;
  pop(desk);
  desk.intake.settle();
}

function pressInPlaces(desk: Desk, layer: LayerOf<"places">, command: string | null) {
  const place = layoutOf(desk.store.state());
  const page = place.kind === "full" ? placesRoom(place.body) : 1;
  const step = (delta: number) => {
    const row = Math.max(0, Math.min(layer.places.length - 1, layer.row + delta));
    desk.store.dispatch({ type: "replace", layer: { ...layer, row } });
  };
  if (command === "places-close") return pop(desk);
  if (command === "places-down") return step(1);
  if (command === "places-up") return step(-1);
  if (command === "places-page-down") return step(page);
  if (command === "places-page-up") return step(-page);
  const chosen = layer.places[layer.row];
  if (command !== "places-go" || !chosen) return;
  pop(desk);
  goTo(desk, chosen);
}

function pressInPrompt(desk: Desk, layer: LayerOf<"prompt">, command: string | null, key: string) {
  if (command === "prompt-accept") return desk.acts.answered(layer);
  if (command === "prompt-cancel") return closeDialog(desk);
  type(desk, layer, key);
}

function pressInPick(desk: Desk, layer: LayerOf<"pick">, command: string | null, key: string) {
  const rows = pickRows(layer.processes ?? [], layer.field.text);
  const place = layoutOf(desk.store.state());
  const page = place.kind === "full" ? pickRoom(place.body) : 1;
  const step = (delta: number) => {
    const row = Math.max(0, Math.min(rows.length - 1, layer.row + delta));
    desk.store.dispatch({ type: "replace", layer: { ...layer, row, problem: null } });
  };
  if (command === "pick-close") return closeDialog(desk);
  if (command === "pick-accept") return desk.acts.picked(layer, rows[layer.row]);
  if (command === "pick-down") return step(1);
  if (command === "pick-up") return step(-1);
  if (command === "pick-page-down") return step(page);
  if (command === "pick-page-up") return step(-page);
  type(desk, layer, key);
}

function pressInConfirm(desk: Desk, layer: LayerOf<"confirm">, command: string | null) {
  if (command === "confirm-accept") return desk.acts.confirmed(layer);
  if (command === "confirm-cancel") return closeDialog(desk);
  if (command === "confirm-press") return layer.choice === "accept" ? desk.acts.confirmed(layer) : closeDialog(desk);
  if (command === "confirm-switch") {
    const choice = layer.choice === "accept" ? "cancel" : "accept";
    desk.store.dispatch({ type: "replace", layer: { ...layer, choice } });
  }
}

function pressInAnswer(desk: Desk, layer: LayerOf<"answer">, command: string | null) {
  const place = layoutOf(desk.store.state());
  if (place.kind === "small") return;
  const { room, lines } = answerText(desk.skin, place.body, layer);
  const step = (delta: number) => {
    const offset = Math.max(0, Math.min(lines.length - room, layer.offset + delta));
    desk.store.dispatch({ type: "replace", layer: { ...layer, offset } });
  };
  if (command === "answer-close") return pop(desk);
  if (command === "answer-down") return step(1);
  if (command === "answer-up") return step(-1);
  if (command === "answer-page-down") return step(room);
  if (command === "answer-page-up") step(-room);
}

/** The list was held under the dialog: it goes on from what there is now. */
function closeDialog(desk: Desk): void {
  pop(desk);
  desk.intake.now();
}
