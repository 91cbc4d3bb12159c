/** What is asked before something is acted on by its name: a category that is made, a module that is loaded or asked. */
import { ACTIONS, type ActionId } from "#core/act/actions.ts";
import { categoryNameProblem, newCategoryId, newMemberId, newModuleId } from "#core/act/new-subjects.ts";
import { nameOf } from "#core/model/id.ts";
import type { Service } from "#core/service/service.ts";
import { itemOf } from "#core/store/select.ts";
import type { GoOn } from "./asking.ts";
import type { ConsoleState, ConsoleStore } from "./console-store.ts";
import type { Intake } from "./intake.ts";
import type { Performer } from "./perform.ts";
import { textField } from "./text-field.ts";
import type { Captured, Layer } from "./ui-state.ts";

export interface Making {
  /** Asks for the name of what the action is about. */
  begin(action: ActionId): void;
  /** A name or a category was typed. */
  named(layer: Layer & { readonly type: "prompt" }): void;
}

interface Needs {
  readonly store: ConsoleStore;
  readonly service: Service;
  readonly intake: Intake;
  readonly performer: Performer;
  readonly goOn: GoOn;
}

interface Name {
  readonly label: string;
  readonly description: string;
  problem(name: string): string | null;
}

/** PAGG_NAMELN of pagg.h: the name of a module is at most so long. */
const LONGEST_MODULE_NAME = 32;

const CATEGORY: Name = {
  label: "name",
  description: "at most 31 bytes, without '/'",
  problem: categoryNameProblem,
};

const MODULE: Name = {
  label: "module",
  description: `at most ${LONGEST_MODULE_NAME} bytes; PAGG_MOD stands for the modules themselves`,
  problem(name) {
    if (name === "") return "a module needs a name";
    const { length } = new TextEncoder().encode(name);
    const most = LONGEST_MODULE_NAME;
    return length > most ? `the name of a module is at most ${most} bytes, this is ${length}` : null;
  },
};

const FILE: Name = {
  label: "file",
  description: "the path of a module's file, or its name in a directory of the configuration",
  problem: (name) => (name === "" ? "a path or a name is needed" : null),
};

/** How the name of what an action is about is asked for. */
export function nameQuestion(action: ActionId): Name {
  if (action === "module.load") return FILE;
  return ACTIONS[action].kind === "modules" ? MODULE : CATEGORY;
}

export function createMaking({ store, service, intake, performer, goOn }: Needs): Making {
  const replace = (layer: Layer) => store.dispatch({ type: "replace", layer });

  const capturedAs = (action: ActionId, name: string): Captured =>
    ACTIONS[action].kind === "modules"
      ? { kind: "modules", label: name, target: { id: newModuleId(service.node, name), identity: null } }
      : { kind: "categories", label: name, target: { id: newCategoryId(service.node, name), identity: null } };

  return {
    begin(action) {
      const field = textField(likelyName(store.state(), action));
      store.dispatch({ type: "push", layer: { type: "prompt", action, ask: { type: "name" }, field, problem: null } });
    },
    named(layer) {
      const name = layer.field.text.trim();
      const { ask, action } = layer;
      const problem = (ask.type === "category" ? CATEGORY : nameQuestion(action)).problem(name);
      if (problem !== null) return replace({ ...layer, problem });
      store.dispatch({ type: "pop" });
      if (ask.type === "category") {
        const { pid, identity } = ask.process;
        const target = { id: newMemberId(service.node, name, pid), identity };
        void performer.perform(action, { kind: "members", label: `${name}/${pid}`, target }, {});
      } else {
        goOn(ACTIONS[action], capturedAs(action, name), null, {});
      }
      intake.now();
    },
  };
}

/** Who asks a module something mostly means the marked one. */
function likelyName({ ui, shown }: ConsoleState, action: ActionId): string {
  const { cursor } = ui.panes[ui.pane];
  if (cursor === null || (action !== "module.check" && action !== "module.ctl")) return "";
  return itemOf(shown, "modules", cursor)?.name ?? itemOf(shown, "attachments", cursor)?.module ?? "";
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
