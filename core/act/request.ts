/** An action on its way up and its report on the way back: the shapes of headless actions, audit and the wire. */
import type { ErrorRecord } from "#core/model/error.ts";
import type { Severity } from "#core/model/event.ts";
import type { Warning } from "#core/model/source.ts";
import type { Step } from "#core/model/step.ts";
import type { ActionId } from "./actions.ts";

export interface ActionTarget {
  readonly id: string;
  /** `pid:starttime` that the asker saw; if the daemon's process is another by now, the action is refused. */
  readonly identity?: string | null;
}

/** socket: a client of the service that is not muster's own. */
export const DOORS = ["cli", "console", "socket"] as const;
export type Door = (typeof DOORS)[number];

export interface ActionRequest {
  readonly action: ActionId;
  readonly targets: readonly ActionTarget[];
  /** By the names of the action's ArgumentSpecs. */
  readonly arguments: Readonly<Record<string, string | number | boolean>>;
  readonly dryRun: boolean;
  readonly requestId: string;
  /** The door it came through. */
  readonly via: Door;
}

/** done: the effect took place; unchanged: it was so already; refused: nothing was tried; failed: tried, and it did not
 * come about; unknown: the effect may or may not have happened. */
export const OUTCOMES = ["done", "unchanged", "refused", "failed", "unknown"] as const;
export type Outcome = (typeof OUTCOMES)[number];

/** How grave it is, in an answer as in the journal. What was refused has changed nothing; of what is unknown nobody knows
 * what it has done, which is no less than that it failed. */
export const OUTCOME_SEVERITY: Readonly<Record<Outcome, Severity>> = {
  done: "info",
  unchanged: "info",
  refused: "warn",
  failed: "error",
  unknown: "error",
};

/** Plain JSON; numbers of 64 bits as text. */
export type Answer = { readonly [name: string]: Json };
export type Json = string | number | boolean | null | readonly Json[] | { readonly [name: string]: Json };

export interface ActionResult {
  readonly id: string;
  readonly outcome: Outcome;
  /** What was done in the order it was done; for a dry run what would be done. */
  readonly plan: readonly Step[];
  readonly before: { readonly state: string } | null;
  readonly after: { readonly state: string } | null;
  readonly elapsedMs: number;
  readonly undo: ActionId | null;
  /** One sentence for people. */
  readonly message: string;
  /** What was asked for, of an action that asks: the pids of a job, the answer of a module. null for all others. */
  readonly answer?: Answer | null;
  readonly error: ErrorRecord | null;
}

export interface ActionReport {
  readonly action: ActionId;
  readonly dryRun: boolean;
  readonly requestId: string;
  readonly results: readonly ActionResult[];
  /** What did not keep the action from being done, such as a journal that cannot be written. */
  readonly warnings: readonly Warning[];
}

/** What a long action says while it runs. */
export interface ActionProgress {
  readonly id: string;
  readonly step: Step;
  readonly elapsedMs: number;
}
