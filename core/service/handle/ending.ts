/** How an order ended: with what its effect says of it, or without one. */
import type { ActionId, ActionSpec } from "#core/act/actions.ts";
import type { Answer, Outcome } from "#core/act/request.ts";
import { MusterError } from "#core/model/error.ts";

/** What an effect says that took place. */
export interface Done {
  readonly message: string;
  readonly answer?: Answer;
  /** It was so already. */
  readonly isUnchanged?: boolean;
  /** Of what was made. */
  readonly id?: string;
  /** What takes it back, where that is not the action's inverse. */
  readonly undo?: ActionId | null;
}

export interface Ending {
  readonly outcome: Outcome;
  readonly message: string;
  readonly error: MusterError | null;
  readonly answer: Answer | null;
  readonly id: string | null;
  /** undefined: the action's inverse. */
  readonly undo: ActionId | null | undefined;
}

const ended = (outcome: Outcome, message: string): Ending => ({
  outcome,
  message,
  error: null,
  answer: null,
  id: null,
  undo: undefined,
});

export const endingOf = ({ message, answer, isUnchanged, id, undo }: Done): Ending => ({
  ...ended(isUnchanged ? "unchanged" : "done", message),
  answer: answer ?? null,
  id: id ?? null,
  undo,
});

/** Of a dry run. */
export const wouldBe = (spec: ActionSpec): Ending => ended("unchanged", `would ${spec.description.split(";")[0]}`);

export const refusal = (error: MusterError): Ending => ({ ...ended("refused", error.message), error });

export const failure = (error: MusterError): Ending => ({ ...ended("failed", error.message), error });

/** What is thrown on purpose is a MusterError; anything else is a defect, whatever errno it carries. */
export function asMusterError(thrown: unknown): MusterError {
  return thrown instanceof MusterError ? thrown : new MusterError("INTERNAL", String(thrown), { cause: thrown });
}
