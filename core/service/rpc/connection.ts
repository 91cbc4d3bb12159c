/**
 * One client. It is read from only as fast as it reads its answers, gets its turn after a few requests, and holds no more
 * than its user's allowance: whatever it does or leaves undone, only it itself waits.
 *
 *     bytes -> LineReader -> request -> answer -> Outbox -> socket
 *                                subscriptions ------^ when everything before was taken
 */
import { errorRecord } from "#core/model/error.ts";
import type { Caller } from "../caller.ts";
import { type Answer, answer } from "./answer.ts";
import { RPC_CODES, rpcError } from "./codes.ts";
import type { Host } from "./host.ts";
import { Invocations } from "./invocations.ts";
import { LONGEST_REQUEST, LONGEST_SKIP, REQUESTS_A_TURN, UNREAD_BYTES } from "./limits.ts";
import { LineReader } from "./line-reader.ts";
import { type Message, type MessageId, ProtocolError, parseMessage } from "./message.ts";
import { type Drain, Outbox } from "./outbox.ts";
import type { Account } from "./quota.ts";
import { notification, Subscriptions } from "./subscriptions.ts";

/** As much of a socket as a connection needs. */
export interface Line extends Drain {
  pause(): void;
  resume(): void;
  close(): void;
}

export class Connection {
  readonly account: Account;
  readonly #host: Host;
  readonly #caller: Caller;
  readonly #socket: Line;
  readonly #reader: LineReader;
  readonly #outbox: Outbox;
  readonly #subscriptions: Subscriptions;
  readonly #invocations: Invocations;
  /** A request is being answered for which those behind it wait. */
  #isWaiting = false;
  #isPaused = false;
  #isClosed = false;
  #isPumping = false;
  #cancelTurn: (() => void) | null = null;
  readonly #onMode = () => this.#tellMode();
  /** It will be served without being asked. */
  #isTurnNear = false;

  constructor(host: Host, caller: Caller, account: Account, socket: Line) {
    this.#host = host;
    this.#caller = caller;
    this.account = account;
    this.#socket = socket;
    const onHeld = (bytes: number) => this.#hold(bytes);
    this.#reader = new LineReader({ longestLine: LONGEST_REQUEST, onHeld });
    this.#outbox = new Outbox(socket, onHeld);
    this.#subscriptions = new Subscriptions(host.service, () => this.#pump(), onHeld);
    this.#invocations = new Invocations(host, caller, account);
    host.onMode.add(this.#onMode);
  }

  take(chunk: Uint8Array): void {
    if (this.#isClosed) return;
    this.#reader.append(chunk);
    this.#askTurn();
  }

  /** The socket takes bytes again. */
  drained(): void {
    if (this.#isClosed) return;
    this.#outbox.drain();
    this.#pump();
    this.#askTurn();
  }

  /** It is gone; nothing of it stays but the actions that are under way and change something. */
  closed(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#cancelTurn?.();
    this.#host.onMode.delete(this.#onMode);
    this.#subscriptions.close();
    this.#invocations.close();
    this.#host.attention.forget(this);
    this.#reader.release();
    this.#outbox.release();
  }

  /** Whoever is not the owner shares turns with all others who are not: many connections are no more than one. */
  #askTurn(): void {
    if (this.#isClosed || this.#isTurnNear) return;
    if (this.account.isOwn) {
      this.#serve();
      return;
    }
    this.#isTurnNear = true;
    this.#setPaused(true);
    void this.#host.turns.take(this.account.uid).then(() => this.#serve());
  }

  #serve(): void {
    this.#isTurnNear = false;
    for (let count = 0; count < REQUESTS_A_TURN; count++) {
      if (this.#isClosed) return;
      if (this.#isWaiting || this.#outbox.bytes > UNREAD_BYTES) {
        this.#setPaused(true);
        return;
      }
      const line = this.#reader.next();
      if (line === null) {
        this.#readOn();
        return;
      }
      if (line === "too-long") this.#refuseLength();
      else if (line.length > 0) this.#handle(line);
    }
    this.#setPaused(true);
    this.#isTurnNear = true;
    this.#cancelTurn = this.#host.clock.setTimer(0, () => {
      this.#isTurnNear = false;
      this.#askTurn();
    });
  }

  #readOn(): void {
    if (this.#reader.skipped > LONGEST_SKIP) this.#close("a request without an end");
    else this.#setPaused(false);
  }

  #handle(line: Uint8Array): void {
    let message: Message;
    try {
      message = parseMessage(line);
    } catch (thrown) {
      // Whether it was a notification cannot be told: it is answered.
      this.#fail(thrown instanceof ProtocolError ? thrown.id : null, thrown);
      return;
    }
    try {
      this.#settle(message.id, answer(this.#asked(line.length), message));
    } catch (thrown) {
      this.#fail(message.id, thrown);
    }
  }

  #asked(length: number) {
    return {
      length,
      host: this.#host,
      service: this.#host.service,
      caller: this.#caller,
      client: this,
      subscriptions: this.#subscriptions,
      invocations: this.#invocations,
      tell: (line: string) => {
        if (!this.#isClosed && this.#outbox.bytes <= UNREAD_BYTES) this.#outbox.send(line);
      },
    };
  }

  #settle(id: MessageId | undefined, given: Answer): void {
    if (given.when === "now") {
      this.#reply(id, given.text);
      return;
    }
    const isAwaited = given.when === "later";
    this.#isWaiting ||= isAwaited;
    given.text
      .then(
        (text) => this.#reply(id, text),
        (thrown) => this.#fail(id, thrown),
      )
      .finally(() => {
        if (!isAwaited) return;
        this.#isWaiting = false;
        this.#askTurn();
      });
  }

  #reply(id: MessageId | undefined, result: string): void {
    if (id !== undefined) this.#send(`{"jsonrpc":"2.0","id":${JSON.stringify(id)},"result":${result}}`);
    // A subscriber's first change comes after the answer that names the subscription.
    this.#pump();
  }

  #fail(id: MessageId | undefined, thrown: unknown): void {
    const isProtocol = thrown instanceof ProtocolError;
    if (!isProtocol && errorRecord(thrown).code === "INTERNAL") this.#host.log(`a defect: ${describe(thrown)}`);
    if (id === undefined) return;
    this.#sendError(id, isProtocol ? rpcError(thrown.error, thrown.number) : rpcError(thrown));
  }

  #refuseLength(): void {
    const reason = `a request is at most ${LONGEST_REQUEST} bytes long`;
    const { error, number } = new ProtocolError(RPC_CODES.invalidRequest, reason);
    this.#sendError(null, rpcError(error, number));
  }

  #sendError(id: MessageId, error: object): void {
    this.#send(JSON.stringify({ jsonrpc: "2.0", id, error }));
  }

  #send(line: string): void {
    if (!this.#isClosed) this.#outbox.send(line);
  }

  /** Whoever only asks and reads his answers is not told what he did not ask for. */
  #tellMode(): void {
    const { isReadOnly } = this.#host.service;
    if (!this.#subscriptions.isEmpty) this.#send(notification("mode", JSON.stringify({ isReadOnly })));
  }

  /** What waits for subscribers goes out once everything before it was taken. */
  #pump(): void {
    if (this.#isPumping) return;
    this.#isPumping = true;
    try {
      while (!this.#isClosed && this.#outbox.isEmpty) {
        const line = this.#subscriptions.nextLine();
        if (line === null) return;
        this.#outbox.send(line);
      }
    } finally {
      this.#isPumping = false;
    }
  }

  #hold(bytes: number): void {
    const { account } = this;
    account.bytes += bytes;
    if (bytes > 0 && account.bytes > account.allowance.bytes) {
      this.#close(`the clients of uid ${account.uid} hold more than ${account.allowance.bytes} bytes`);
    }
  }

  #setPaused(isPaused: boolean): void {
    if (this.#isPaused === isPaused || this.#isClosed) return;
    this.#isPaused = isPaused;
    if (isPaused) this.#socket.pause();
    else this.#socket.resume();
  }

  #close(reason: string): void {
    if (this.#isClosed) return;
    this.#host.log(`closed a connection of uid ${this.#caller.uid}: ${reason}`);
    this.#socket.close();
    this.closed();
  }
}

function describe(thrown: unknown): string {
  return thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown);
}
