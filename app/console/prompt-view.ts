/** The words around what is typed or chosen before an action goes on. */
import { ACTIONS } from "#core/act/actions.ts";
import type { ConsoleState } from "./console-store.ts";
import { nameQuestion, PROFILE } from "./making.ts";
import { fieldsFor, type TypedField, typedFields, WRITES_VALUES } from "./policy-typing.ts";
import type { Layer, Purpose } from "./ui-state.ts";

type PromptLayer = Layer & { readonly type: "prompt" };

/** What a prompt says around its field. */
export function promptWords({ action, ask }: PromptLayer) {
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

/** The values around the caret, at most `most` of them, and what they mean. */
export function typedOf(state: ConsoleState, { action, ask, field }: PromptLayer, most: number): readonly TypedField[] {
  if (ask.type !== "argument" || !WRITES_VALUES.includes(action)) return [];
  return typedFields(field, fieldsFor(state.shown, ask.captured), most);
}

export function pickTitle(purpose: Purpose): string {
  if (purpose.type === "member") return "Register which process?";
  return purpose.type === "job"
    ? "Create a job for which process?"
    : `Attach which process to ${purpose.captured.label}?`;
}
