/** What daemonControl() is asked and what it answers. */
import type { Clock } from "#core/model/clock.ts";
import type { MusterError } from "#core/model/error.ts";
import type { Step } from "#core/model/step.ts";
import type { StartCommand } from "./start.ts";
import type { ControlStatus } from "./status.ts";
import type { StopOrder } from "./stop.ts";

export interface ControlContext {
  readonly clock: Clock;
  readonly procRoot: string;
}

export type ControlAction =
  | { readonly type: "check" }
  | { readonly type: "start"; readonly command: StartCommand }
  | { readonly type: "stop"; readonly order: StopOrder }
  | { readonly type: "restart"; readonly order: StopOrder; readonly command: StartCommand }
  | { readonly type: "signal"; readonly signal: number };

export interface ControlParams {
  readonly pidFile: string;
  readonly guardFile: string;
  readonly action: ControlAction;
  /** `pid:starttime` that the process to be signalled must have; null: whoever holds the lock. */
  readonly identity?: string | null;
  readonly onStep?: (step: Step) => void;
  /** Ends waiting for the guard and for the daemon. What has been done stays done. */
  readonly abort?: AbortSignal;
}

export interface ControlResult {
  readonly status: ControlStatus;
  /** One sentence. */
  readonly message: string;
  /** With status error: what went wrong. */
  readonly error: MusterError | null;
  /** Whether a signal was sent or a command was run. */
  readonly hasActed: boolean;
}

/** As the single actions get it: whoever listens, there is a listener. */
export type ActiveParams = ControlParams & { readonly onStep: (step: Step) => void };
