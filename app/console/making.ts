/**
 * What is asked before something is made that is not there yet:
 *
 *     a category: its name
 *     a member:   a process out of a list, then the category
 */
import { categoryNameProblem, newCategoryId, newMemberId, pidOfMemberId } from "#core/act/new-subjects.ts";
import { errorRecord } from "#core/model/error.ts";
import { nameOf } from "#core/model/id.ts";
import type { Items, Kind } from "#core/model/kinds.ts";
import type { ProcessRow } from "#core/service/processes.ts";
import type { Service } from "#core/service/service.ts";
import { memberOfProcess } from "#core/store/process-set.ts";
import { itemOf } from "#core/store/select.ts";
import type { Snapshot } from "#core/store/snapshot.ts";
import type { ConsoleState, ConsoleStore } from "./console-store.ts";
import type { Intake } from "./intake.ts";
import type { Performer } from "./perform.ts";
import { textField } from "./text-field.ts";
import type { Toasts } from "./toasts.ts";
import { type Layer, topLayer } from "./ui-state.ts";

type PickLayer = Layer & { readonly type: "pick" };

export interface Making {
  category(): void;
  /** `category`: where it is likely to be put. */
  member(category: string): void;
  picked(layer: PickLayer, process: ProcessRow | undefined): void;
  /** A name or a category was typed. */
  named(layer: Layer & { readonly type: "prompt" }): void;
}

interface Needs {
  readonly store: ConsoleStore;
  readonly service: Service;
  readonly toasts: Toasts;
  readonly intake: Intake;
  readonly performer: Performer;
}

export function createMaking({ store, service, toasts, intake, performer }: Needs): Making {
  const replace = (layer: Layer) => store.dispatch({ type: "replace", layer });

  const readProcesses = async () => {
    const read = await Promise.resolve(service.processes?.({})).then(
      (processes) => ({ processes: processes ?? [], problem: null }),
      (error: unknown) => ({ processes: [], problem: errorRecord(error).message }),
    );
    const layer = topLayer(store.state().ui);
    if (layer?.type === "pick" && layer.processes === null) replace({ ...layer, ...read });
  };

  return {
    category() {
      const layer: Layer = {
        type: "prompt",
        action: "category.add",
        ask: { type: "name" },
        field: textField(),
        problem: null,
      };
      store.dispatch({ type: "push", layer });
    },
    member(category) {
      if (!service.processes) {
        return toasts.say("info", "processes cannot be listed here: use muster members add CATEGORY PID");
      }
      const layer: Layer = { type: "pick", field: textField(), row: 0, processes: null, problem: null, category };
      store.dispatch({ type: "push", layer });
      void readProcesses();
    },
    picked(layer, process) {
      if (!process) return;
      const member = memberOfProcess(store.state().latest, process.identity);
      if (member) return replace({ ...layer, problem: `process ${process.pid} is in ${member.category} already` });
      replace({
        type: "prompt",
        action: "member.add",
        ask: { type: "category", process },
        field: textField(layer.category),
        problem: null,
      });
    },
    named(layer) {
      const name = layer.field.text.trim();
      const problem = categoryNameProblem(name);
      if (problem !== null) return replace({ ...layer, problem });
      store.dispatch({ type: "pop" });
      const { ask } = layer;
      if (ask.type === "category") {
        const { pid, identity } = ask.process;
        const target = { id: newMemberId(service.node, name, pid), identity };
        void performer.perform(layer.action, { kind: "members", label: `${name}/${pid}`, target }, {});
      } else {
        const target = { id: newCategoryId(service.node, name), identity: null };
        void performer.perform(layer.action, { kind: "categories", label: name, target }, {});
      }
      intake.now();
    },
  };
}

/** The item that came of a request for a new one: a member is asked for by its pid and is named by its identity. */
export function madeItem(snapshot: Snapshot, kind: Kind, id: string): Items[Kind] | undefined {
  const exact = itemOf(snapshot, kind, id);
  if (exact || kind !== "members") return exact;
  const pid = pidOfMemberId(id);
  const [category] = nameOf(id).split("/", 1);
  return [...snapshot.shelves.members.items.values()].find(
    (member) => member.pid === pid && member.category === category && !member.flags.exit,
  );
}

/** Where a new member is likely to be put: the category that is shown, else that of the marked line. */
export function likelyCategory(state: ConsoleState): string {
  const { ui, shown } = state;
  const { scope } = ui.panes.members;
  const { cursor } = ui.panes[ui.pane];
  if (ui.pane === "categories" && cursor !== null) return nameOf(cursor);
  if (scope) return scope.name;
  const member = ui.pane === "members" && cursor !== null ? itemOf(shown, "members", cursor) : undefined;
  return member?.category ?? "";
}
