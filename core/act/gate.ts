/** The gate in front of every effect: read-only mode and foreign trees stop here, whatever door the request came through. */
import { MusterError } from "#core/model/error.ts";
import type { EffectClass } from "./actions.ts";

export interface GateRules {
  readonly isReadOnly: boolean;
  /** Facts come from another tree than this machine's (--root): its pids are not ours to signal. */
  readonly isForeignRoot: boolean;
}

/** Null if the effect may go on; else why not. */
export function gate(effect: EffectClass, title: string, rules: GateRules): MusterError | null {
  if (effect === "read") return null;
  if (rules.isForeignRoot) {
    return new MusterError("UNSUPPORTED", `${title} is refused: with --root muster only looks`, {
      hint: "leave out --root to act on this machine",
    });
  }
  if (rules.isReadOnly) {
    return new MusterError("READ_ONLY", `${title} is refused: muster runs read-only`, {
      hint: "leave out --read-only, and read_only in the configuration",
    });
  }
  return null;
}
