/**
 * The actions one connection has under way. They go on when it is gone, for half an action helps nobody; what only asks ends
 * with it. What they hold is their user's until they are over, whatever becomes of the connection.
 */
import { actionById } from "#core/act/actions.ts";
import type { ActionProgress, ActionReport, ActionRequest } from "#core/act/request.ts";
import { MusterError } from "#core/model/error.ts";
import type { Caller } from "../caller.ts";
import type { Host } from "./host.ts";
import { A_RESULT, PENDING_ACTIONS } from "./limits.ts";
import type { Account } from "./quota.ts";

export class Invocations {
  readonly #host: Host;
  readonly #caller: Caller;
  readonly #account: Account;
  readonly #running = new Map<string, AbortController>();
  /** Of these, those that change nothing. */
  readonly #asking = new Set<AbortController>();

  constructor(host: Host, caller: Caller, account: Account) {
    this.#host = host;
    this.#caller = caller;
    this.#account = account;
  }

  /** `length`: of the request as it was sent. Throws BUSY and USAGE. */
  async run(
    request: ActionRequest,
    length: number,
    onProgress: (progress: ActionProgress) => void,
  ): Promise<ActionReport> {
    const { requestId } = request;
    if (this.#running.has(requestId)) {
      throw new MusterError("USAGE", `request ${requestId} is under way already`, { target: requestId });
    }
    if (this.#running.size >= PENDING_ACTIONS) {
      throw new MusterError("BUSY", `a connection has at most ${PENDING_ACTIONS} actions under way`, {
        hint: "wait for one to end",
      });
    }
    const bytes = length + request.targets.length * A_RESULT;
    const { uid, allowance } = this.#account;
    if (this.#account.bytes + bytes > allowance.bytes) {
      throw new MusterError(
        "BUSY",
        `the clients of uid ${uid} hold ${this.#account.bytes} bytes of ${allowance.bytes}`,
        {
          hint: "wait for their actions to end, or name fewer targets at once",
        },
      );
    }
    const controller = new AbortController();
    this.#running.set(requestId, controller);
    if (actionById(request.action)?.effect === "read") this.#asking.add(controller);
    this.#account.bytes += bytes;
    try {
      return await this.#host.perform(controller, (signal) =>
        this.#host.service.invoke(request, { onProgress, signal, caller: this.#caller }),
      );
    } finally {
      this.#account.bytes -= bytes;
      this.#running.delete(requestId);
      this.#asking.delete(controller);
    }
  }

  /** One's own only. */
  cancel(requestId: string): void {
    this.#running.get(requestId)?.abort();
  }

  /** There is nobody left to be told what was asked for. */
  close(): void {
    for (const controller of this.#asking) controller.abort();
  }
}
