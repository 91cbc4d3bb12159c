/** What is asked before something is acted on by its name: a category, an endpoint, a policy or a process that is made, a module that is asked. */
import { ACTIONS, type ActionId } from "#core/act/actions.ts";
import {
  agentProblem,
  categoryNameProblem,
  endpointNameProblem,
  labelProblem,
  newCategoryId,
  newEndpointId,
  newMemberId,
  newModuleId,
  newPolicyId,
  newProcessId,
  profileProblem,
} from "#core/act/new-subjects.ts";
import { nameOf } from "#core/model/id.ts";
import type { Kind } from "#core/model/kind-names.ts";
import type { Service } from "#core/service/service.ts";
import { itemOf } from "#core/store/select.ts";
import type { GoOn } from "./asking.ts";
import type { ConsoleState, ConsoleStore } from "./console-store.ts";
import type { Intake } from "./intake.ts";
import type { Performer } from "./perform.ts";
import { textField } from "./text-field.ts";
import type { Ask, Captured, Layer } from "./ui-state.ts";

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

const ENDPOINT: Name = {
  label: "name",
  description:
    "An absolute path such as /dev/shm/NAME is the same for everyone. /NAME depends on the uid of whoever looks. " +
    "NAME alone is a file in the directory where each process happens to run, so it will not do here.",
  problem: endpointNameProblem,
};

const AGENT: Name = {
  label: "agent",
  description: "as GEOPM_AGENT calls it: power_governor, power_balancer, frequency_map, ...",
  problem: agentProblem,
};

export const PROFILE: Name = {
  label: "profile",
  description: "as GEOPM_PROFILE calls it; nothing: the default, for all profiles that have no policy",
  problem: profileProblem,
};

const LABEL: Name = {
  label: "label",
  description: "at most 63 bytes; what the process shall be called, which others may be too",
  problem: labelProblem,
};

/** How the name of what an action is about is asked for. */
export function nameQuestion(action: ActionId): Name {
  if (action === "endpoint.create") return ENDPOINT;
  if (action === "policy.set") return AGENT;
  if (action === "module.load") return FILE;
  if (action === "process.start") return LABEL;
  return ACTIONS[action].kind === "modules" ? MODULE : CATEGORY;
}

export function createMaking({ store, service, intake, performer, goOn }: Needs): Making {
  const replace = (layer: Layer) => store.dispatch({ type: "replace", layer });

  const capturedAs = (action: ActionId, name: string): Captured => {
    const { kind } = ACTIONS[action];
    return { kind, label: name, target: { id: newIdOf(kind, service.node, name), identity: null } };
  };

  /** One that is there already is edited rather than begun anew. */
  const setPolicy = (agent: string, profile: string) => {
    const id = newPolicyId(service.node, agent, profile === "" ? null : profile);
    const label = profile === "" ? `default of ${agent}` : `${agent} for ${profile}`;
    const captured: Captured = { kind: "policies", label, target: { id, identity: null } };
    goOn(ACTIONS["policy.set"], captured, itemOf(store.state().shown, "policies", id) ?? null, {});
  };

  const askProfile = (agent: string) => {
    const field = textField(likelyProfile(store.state()));
    const layer: Layer = {
      type: "prompt",
      action: "policy.set",
      ask: { type: "profile", agent },
      field,
      problem: null,
    };
    store.dispatch({ type: "push", layer });
  };

  return {
    begin(action) {
      const field = textField(likelyName(store.state(), action));
      store.dispatch({ type: "push", layer: { type: "prompt", action, ask: { type: "name" }, field, problem: null } });
    },
    named(layer) {
      const name = layer.field.text.trim();
      const { ask, action } = layer;
      const problem = questionOf(ask, action).problem(name);
      if (problem !== null) return replace({ ...layer, problem });
      store.dispatch({ type: "pop" });
      if (ask.type === "category") {
        const { pid, identity } = ask.process;
        const target = { id: newMemberId(service.node, name, pid), identity };
        void performer.perform(action, { kind: "members", label: `${name}/${pid}`, target }, {});
      } else if (ask.type === "profile") {
        setPolicy(ask.agent, name);
      } else if (action === "policy.set") {
        askProfile(name);
      } else {
        goOn(ACTIONS[action], capturedAs(action, name), null, {});
      }
      intake.now();
    },
  };
}

function questionOf(ask: Ask, action: ActionId): Name {
  if (ask.type === "profile") return PROFILE;
  return ask.type === "category" ? CATEGORY : nameQuestion(action);
}

function newIdOf(kind: Kind, node: string, name: string): string {
  if (kind === "modules") return newModuleId(node, name);
  if (kind === "processes") return newProcessId(node, name);
  return kind === "endpoints" ? newEndpointId(node, name) : newCategoryId(node, name);
}

/** Of the marked line: a policy for the profile that runs there. */
function likelyProfile({ ui, shown }: ConsoleState): string {
  const { cursor } = ui.panes[ui.pane];
  return (cursor === null ? null : itemOf(shown, "endpoints", cursor)?.profile) ?? "";
}

/** Who asks a module something mostly means the marked one. */
function likelyName({ ui, shown }: ConsoleState, action: ActionId): string {
  const { cursor } = ui.panes[ui.pane];
  // Where what is the same for everyone begins.
  if (action === "endpoint.create") return "/dev/shm/";
  if (cursor !== null && action === "policy.set") {
    return itemOf(shown, "policies", cursor)?.agent ?? itemOf(shown, "endpoints", cursor)?.agent ?? "";
  }
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
