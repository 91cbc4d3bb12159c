/** One thing that was done or would be done on the way of an action: plans, progress and reports are made of these. */

export const STEP_OPS = ["guard", "signal", "wait", "run", "check", "set"] as const;

export interface Step {
  readonly op: (typeof STEP_OPS)[number];
  readonly text: string;
  readonly signal?: string;
  readonly pid?: number;
  readonly identity?: string;
  readonly path?: string;
  readonly argv?: readonly string[];
  readonly timeoutSeconds?: number;
}
