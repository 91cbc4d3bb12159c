/** Taking over: creating an endpoint whose regions are there already. The operator is told of it by its own name. */
import { ACTIONS, type ActionId } from "#core/act/actions.ts";
import type { Arguments } from "./ui-state.ts";

export const TAKE_OVER = "take-over";

export const isTakeOver = (given: Arguments): boolean => given[TAKE_OVER] === true;

export const verbOf = (id: ActionId, given: Arguments): string => (isTakeOver(given) ? "take over" : ACTIONS[id].verb);
