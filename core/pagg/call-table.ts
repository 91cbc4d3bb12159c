/** Requests a module was asked and has not answered yet. Taking one up is owed at once, the answer may take its time. */
import { MusterError } from "#core/model/error.ts";
import { paggError } from "./errors.ts";
import type { ToHost } from "./host/messages.ts";
import type { Json } from "./request.ts";

const MOST = 64;

interface Call {
  isTaken: boolean;
  resolve(answer: Json): void;
  reject(reason: Error): void;
}

export class CallTable {
  readonly #calls = new Map<number, Call>();
  readonly #send: (message: ToHost) => void;
  readonly #owe: () => void;
  #lastId = 0;

  constructor(send: (message: ToHost) => void, owe: () => void) {
    this.#send = send;
    this.#owe = owe;
  }

  get isOwed(): boolean {
    return [...this.#calls.values()].some(({ isTaken }) => !isTaken);
  }

  async call(request: string, data: Json, signal: AbortSignal | undefined): Promise<Json> {
    if (this.#calls.size >= MOST) {
      throw paggError("EBUSY", `${MOST} requests wait for the module already`, { code: "BUSY", hint: "try again" });
    }
    const cancelled = () => paggError("ECANCELED", `${request} was given up`);
    if (signal?.aborted) throw cancelled();
    const id = ++this.#lastId;
    const { promise, resolve, reject } = Promise.withResolvers<Json>();
    this.#calls.set(id, { isTaken: false, resolve, reject });
    const abort = () => reject(cancelled());
    signal?.addEventListener("abort", abort, { once: true });
    this.#send({ op: "call", id, request, data });
    this.#owe();
    try {
      return await promise;
    } finally {
      signal?.removeEventListener("abort", abort);
    }
  }

  /** False for what was not asked. */
  took(id: number): boolean {
    const call = this.#calls.get(id);
    if (!call || call.isTaken) return false;
    call.isTaken = true;
    return true;
  }

  answer(id: number, data: Json): boolean {
    return this.#finish(id, (call) => call.resolve(data));
  }

  refuse(id: number, errno: string, message: string): boolean {
    const code = errno === "EINVAL" ? "USAGE" : errno === "ESRCH" || errno === "ENOENT" ? "NOT_FOUND" : "SYSTEM";
    return this.#finish(id, (call) => call.reject(new MusterError(code, message, { errno })));
  }

  fail(reason: Error): void {
    for (const call of this.#calls.values()) call.reject(reason);
    this.#calls.clear();
  }

  #finish(id: number, how: (call: Call) => void): boolean {
    const call = this.#calls.get(id);
    if (!call?.isTaken) return false;
    this.#calls.delete(id);
    how(call);
    return true;
  }
}
