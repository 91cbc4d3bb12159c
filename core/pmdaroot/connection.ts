/**
 * One client. Its requests are answered in their order, one after the other: while it does not take an answer, or an engine
 * has to be asked, nothing more is read from it. Whatever it does or leaves undone, only it itself waits.
 *
 *     bytes -> Framer -> request -> answer -> socket
 */
import type { Clock } from "#core/model/clock.ts";
import type { Fd } from "#ffi/fd.ts";
import type { Peer } from "./access.ts";
import { type Answerer, answerContainer, answerStart, answerStop } from "./answer.ts";
import { stopMessage, TYPE } from "./codec.ts";
import { Framer } from "./framer.ts";
import { infoMessage, startReply } from "./reply.ts";
import {
  MalformedMessage,
  messageLength,
  parseRequest,
  type Request,
  type StartRequest,
  type StopRequest,
} from "./request.ts";
import { STATUS } from "./status.ts";

/** As much of a socket as a connection needs. */
export interface Line {
  /** Bytes that were taken; fewer when the socket is full, negative when it is gone. */
  write(bytes: Uint8Array): number;
  /** The same with descriptors; resolves when they went out, throws SysError when they cannot. */
  writeWith(bytes: Uint8Array, descriptors: readonly Fd[]): Promise<void> | null;
  pause(): void;
  resume(): void;
  close(): void;
}

export interface ConnectionOptions extends Answerer {
  readonly clock: Clock;
}

/** Then others have their turn. */
const REQUESTS_A_TURN = 64;

const INFO = infoMessage();

export class Connection {
  readonly #options: ConnectionOptions;
  readonly #peer: Peer;
  readonly #line: Line;
  readonly #framer = new Framer(messageLength);
  /** What the socket did not take yet. */
  #unsent: Uint8Array | null = null;
  #isWaiting = false;
  #isPaused = false;
  #isClosed = false;
  #cancelTurn: (() => void) | null = null;

  /** Says INFO: whoever gets here is let in. */
  constructor(options: ConnectionOptions, peer: Peer, line: Line) {
    this.#options = options;
    this.#peer = peer;
    this.#line = line;
    this.#send(INFO);
  }

  /** As a starter of processes. */
  get uid(): number {
    return this.#peer.uid;
  }

  get pid(): number {
    return this.#peer.pid;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Nothing keeps it from being given more: it waits for nobody, and what it had to say has gone out. */
  get isHearing(): boolean {
    return !this.#isClosed && !this.#isPaused && !this.#isWaiting && this.#unsent === null;
  }

  take(chunk: Uint8Array): void {
    if (this.#isClosed) return;
    this.#framer.append(chunk);
    if (this.#cancelTurn === null && !this.#isWaiting) this.#serve();
    if (!this.#framer.isEmpty) this.#framer.keep();
  }

  /** The socket has room again. */
  drained(): void {
    const unsent = this.#unsent;
    if (this.#isClosed || unsent === null) return;
    this.#unsent = null;
    this.#send(unsent);
    if (this.#cancelTurn === null && !this.#isWaiting) this.#serve();
  }

  /** It is gone; the processes it started run on. */
  closed(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#cancelTurn?.();
    this.#options.processes.release(this);
  }

  #serve(): void {
    this.#cancelTurn = null;
    try {
      for (let count = 0; count < REQUESTS_A_TURN; count++) {
        if (this.#isClosed) return;
        if (this.#isWaiting || this.#unsent !== null) {
          this.#setPaused(true);
          return;
        }
        const message = this.#framer.next();
        if (message === null) {
          this.#setPaused(false);
          return;
        }
        this.#answer(parseRequest(message));
      }
    } catch (thrown) {
      this.#fail(thrown);
      return;
    }
    this.#setPaused(true);
    this.#cancelTurn = this.#options.clock.setTimer(0, () => this.#serve());
  }

  #answer(request: Request): void {
    switch (request.type) {
      case TYPE.START_REQUEST:
        this.#start(request);
        return;
      case TYPE.STOP_REQUEST:
        this.#stop(request);
        return;
      default: {
        const reply = answerContainer(this.#options, request);
        if (reply instanceof Promise) this.#wait(reply.then((ready) => this.#send(ready)));
        else this.#send(reply);
      }
    }
  }

  #start(request: StartRequest): void {
    if (!this.#peer.mayStart) {
      this.#options.log(`uid ${this.#peer.uid} may not start processes: ${request.commandLine}`);
      this.#send(startReply(STATUS.EPERM, -1, request.label));
      return;
    }
    const { reply, started, line } = answerStart(this.#options, this, request);
    if (started?.ends) this.#sendWith(reply, started.ends);
    else this.#send(reply);
    if (line !== null) this.#options.log(line);
  }

  #stop(request: StopRequest): void {
    if (request.isForced ? !this.#peer.mayStart : !this.#peer.mayWait) {
      this.#send(stopMessage(TYPE.STOP, STATUS.EPERM, request.pid, 0, 0));
      return;
    }
    const { reply, line } = answerStop(this.#options, this, request);
    this.#send(reply);
    if (line !== null) this.#options.log(line);
  }

  /** The descriptors are closed here once they have gone out, or cannot. */
  #sendWith(reply: Uint8Array, ends: readonly Fd[]): void {
    const closeEnds = () => {
      for (const end of ends) end.close();
    };
    let sending: Promise<void> | null;
    try {
      sending = this.#line.writeWith(reply, ends);
    } catch (thrown) {
      closeEnds();
      throw thrown;
    }
    if (sending === null) closeEnds();
    else this.#wait(sending.finally(closeEnds));
  }

  /** Nothing more is answered until this is over. */
  #wait(work: Promise<void>): void {
    this.#isWaiting = true;
    work
      .finally(() => {
        this.#isWaiting = false;
      })
      .then(
        () => {
          if (!this.#isClosed && this.#cancelTurn === null) this.#serve();
        },
        (thrown) => this.#fail(thrown),
      );
  }

  #send(bytes: Uint8Array): void {
    if (this.#isClosed) return;
    const taken = this.#line.write(bytes);
    if (taken < 0) this.#end();
    else if (taken < bytes.length) this.#unsent = bytes.subarray(taken);
  }

  /** The other side is gone. What it sent before may never be read, and then nothing else would tell. */
  #end(): void {
    this.#line.close();
    this.closed();
  }

  #setPaused(isPaused: boolean): void {
    if (this.#isPaused === isPaused || this.#isClosed) return;
    this.#isPaused = isPaused;
    if (isPaused) this.#line.pause();
    else this.#line.resume();
  }

  /** There is no answer to what is no message: the connection ends, as pmdaroot(1) ends it. */
  #fail(thrown: unknown): void {
    if (this.#isClosed) return;
    const { uid, pid } = this.#peer;
    const reason = thrown instanceof Error ? thrown.message : String(thrown);
    const kind = thrown instanceof MalformedMessage ? "malformed message" : "failed";
    this.#options.log(`closed the connection of process ${pid} (uid ${uid}): ${kind}: ${reason}`);
    this.#end();
  }
}
