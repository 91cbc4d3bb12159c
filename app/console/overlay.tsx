/** The topmost dialog, if there is one. */
import { confirmView } from "./confirm-view.ts";
import type { ConsoleState } from "./console-store.ts";
import type { Desk } from "./desk.ts";
import { helpEntries } from "./help-entries.ts";
import type { Rect } from "./layout.ts";
import { AnswerDialog } from "./parts/answer-dialog.tsx";
import { ConfirmDialog } from "./parts/confirm-dialog.tsx";
import { HelpOverlay } from "./parts/help-overlay.tsx";
import { PickOverlay } from "./parts/pick-overlay.tsx";
import { PlacesMenu } from "./parts/places-menu.tsx";
import { PromptDialog } from "./parts/prompt-dialog.tsx";
import { SortMenu } from "./parts/sort-menu.tsx";
import { pickRows } from "./pick-rows.ts";
import { holderOf } from "./picking.ts";
import { pickTitle, promptWords, typedOf } from "./prompt-view.ts";
import { topLayer } from "./ui-state.ts";
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
          {...promptWords(layer)}
          typed={typedOf(state, layer, body.rows >= 16 ? 6 : 3)}
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
      return <ConfirmDialog skin={skin} body={body} {...confirmView(state, layer, body.rows >= 16 ? 6 : 2)} />;
    case "answer": {
      const { title, message, facts, offset } = layer;
      return <AnswerDialog skin={skin} body={body} title={title} message={message} facts={facts} offset={offset} />;
    }
  }
}
