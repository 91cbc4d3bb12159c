/** The actions one connection has under way. They go on when it is gone: half an action helps nobody. */
import type { ActionProgress, ActionReport, ActionRequest } from "#core/act/request.ts";
import { MusterError } from "#core/model/error.ts";
import type { Caller } from "../caller.ts";
import type { Host } from "./host.ts";
import { PENDING_ACTIONS } from "./limits.ts";

export class Invocations {
  readonly #host: Host;
  readonly #caller: Caller;
  readonly #running = new Map<string, AbortController>();

  constructor(host: Host, caller: Caller) {
    this.#host = host;
    this.#caller = caller;
  }

  /** Throws BUSY and USAGE. */
  async run(request: ActionRequest, onProgress: (progress: ActionProgress) => void): Promise<ActionReport> {
    const { requestId } = request;
    if (this.#running.has(requestId)) {
      throw new MusterError("USAGE", `request ${requestId} is under way already`, { target: requestId });
    }
    if (this.#running.size >= PENDING_ACTIONS) {
      throw new MusterError("BUSY", `a connection has at most ${PENDING_ACTIONS} actions under way`, {
        hint: "wait for one to end",
      });
    }
    const controller = new AbortController();
    this.#running.set(requestId, controller);
    try {
      return await this.#host.perform(controller, (signal) =>
        this.#host.service.invoke(request, { onProgress, signal, caller: this.#caller }),
      );
    } finally {
      this.#running.delete(requestId);
    }
  }

  /** One's own only. */
  cancel(requestId: string): void {
    this.#running.get(requestId)?.abort();
  }
}
