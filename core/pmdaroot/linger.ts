/**
 * A client that asks in a row sends its next question some ten microseconds after an answer, and the way of that question
 * through the loop, sleep and wake-up included, costs more than its answer. So the socket of such a client is looked at a
 * little longer before the loop goes on. Who asks now and then, or beside others who ask, is heard through the loop alone.
 */
import { availableParallelism } from "node:os";
import type { Clock } from "#core/model/clock.ts";
import { ERRNO } from "#ffi/errno-names.ts";
import { kernelBytes } from "#ffi/memory.ts";
import { descriptorOf } from "#ffi/unix-listener.ts";
import { receiveInto } from "#ffi/unix-socket.ts";
import { LONGEST_MESSAGE } from "./codec.ts";

export interface Listening {
  take(chunk: Uint8Array): void;
  /** It may be given more at this moment. */
  readonly isHearing: boolean;
}

/** Two questions of one row are no further apart. */
const ROW_MS = 0.2;
/** How long one that does not come is waited for: no longer than the dearest answer takes, the host name. */
const PATIENCE_MS = 0.06;
/** Then others have their turn. */
const TURN_MS = 1;

/** One for all connections of a server: what one asks between two questions of another ends the other's row. */
export class Linger {
  readonly #clock: Pick<Clock, "nowMs">;
  /** On one processor the client cannot run while we look. */
  readonly #isOfUse: boolean;
  readonly #room = kernelBytes(LONGEST_MESSAGE);
  #last: object | null = null;
  #lastMs = 0;

  constructor(clock: Pick<Clock, "nowMs">, processors = availableParallelism()) {
    this.#clock = clock;
    this.#isOfUse = processors > 1;
  }

  /** After `listening` took what the loop brought. What ends or fails is left to the loop, which is told of it as well. */
  after(socket: object, listening: Listening): void {
    if (!this.#isOfUse) return;
    const begunMs = this.#clock.nowMs();
    if (socket === this.#last && begunMs - this.#lastMs < ROW_MS) this.#look(socket, listening, begunMs + TURN_MS);
    this.#last = socket;
    this.#lastMs = this.#clock.nowMs();
  }

  forget(socket: object): void {
    if (this.#last === socket) this.#last = null;
  }

  #look(socket: object, listening: Listening, endMs: number): void {
    for (let nowMs = 0; nowMs < endMs && listening.isHearing; nowMs = this.#clock.nowMs()) {
      const count = this.#receive(descriptorOf(socket));
      if (count <= 0) return;
      listening.take(this.#room.subarray(0, count));
    }
  }

  #receive(descriptor: number): number {
    const endMs = this.#clock.nowMs() + PATIENCE_MS;
    for (;;) {
      const count = receiveInto(descriptor, this.#room);
      if (count !== -ERRNO.EAGAIN || this.#clock.nowMs() >= endMs) return count;
    }
  }
}
