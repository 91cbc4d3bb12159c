/**
 * The one table of actions. Keys, footer, help, palette, command line, wire and audit are read off it; the service binds
 * its handlers to the ids. Plain data and pure functions: nothing here touches the machine.
 */
import type { ActionSpec } from "./action-spec.ts";
import { DAEMON_ACTIONS } from "./daemon-actions.ts";
import { GEOPM_ACTIONS } from "./geopm-actions.ts";
import { PAGG_ACTIONS } from "./pagg-actions.ts";
import { PMDAROOT_ACTIONS } from "./pmdaroot-actions.ts";
import { PSM_ACTIONS } from "./psm-actions.ts";

export type { ActionSpec, ArgumentSpec, EffectClass } from "./action-spec.ts";

export const ACTIONS = {
  ...DAEMON_ACTIONS,
  ...PSM_ACTIONS,
  ...PAGG_ACTIONS,
  ...GEOPM_ACTIONS,
  ...PMDAROOT_ACTIONS,
} as const;

export type ActionId = keyof typeof ACTIONS;

export const ACTION_LIST: readonly ActionSpec[] = Object.values(ACTIONS);

export function actionById(id: string): ActionSpec | undefined {
  return Object.hasOwn(ACTIONS, id) ? ACTIONS[id as ActionId] : undefined;
}
