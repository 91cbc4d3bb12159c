/**
 * jobd's socket: one request a connection, as libjob asks.
 *
 *     listener -> turn: accept, receive -> answer.ts -> reply, close
 *                       |                    |
 *                       v not whole yet      v WAITJID
 *                     Slow (slow.ts)       Waiters (waiters.ts)
 *
 * A client that asks one thing after the other connects again within microseconds, whereas being woken for it takes ten
 * times as long. So after each request the turn looks for the next one a little longer before it gives the loop back;
 * however many come, it does so every few milliseconds.
 */
import type { Clock } from "#core/model/clock.ts";
import { ERRNO } from "#ffi/errno-names.ts";
import { PollSet, yieldProcessor } from "#ffi/poll-set.ts";
import { EPOLL, type Watch, watchKept } from "#ffi/pump.ts";
import { describeErrno } from "#ffi/sys-error.ts";
import { acceptFrom } from "#ffi/unix-socket.ts";
import type { Jid, JobEnd, JobRequests } from "../requests.ts";
import { answer, type ChangesBy, errnoOf } from "./answer.ts";
import { Connection } from "./connection.ts";
import { REQUESTS } from "./layout.ts";
import { openPlace, type Place } from "./place.ts";
import { type Patience, Slow } from "./slow.ts";
import { type WaiterLimits, Waiters } from "./waiters.ts";

export interface JobdServerOptions {
  readonly path: string;
  readonly jobs: JobRequests;
  readonly changesBy: ChangesBy;
  readonly clock: Clock;
  /** One line for whoever runs the service. */
  readonly log: (text: string) => void;
  readonly slow?: Patience;
  readonly waiters?: WaiterLimits;
}

export interface JobdServer {
  readonly path: string;
  /** Tells those who wait that it ends (EINTR), and is gone with its socket file. */
  close(): void;
}

const SLOW: Patience = { milliseconds: 5000, connections: 256 };
const WAITERS: WaiterLimits = { all: 4096, ofOneUser: 1024 };

/** How long a turn looks for a next request. */
const LINGER_MS = 0.06;
/** The same for a clock that stands still. */
const MOST_LOOKS = 1000;
/** When the rest of the service gets its turn. */
const LONGEST_TURN_MS = 2;
/** Connections looked at within a turn; beyond that the oldest becomes a slow one. */
const FRESH = 16;
/** How long nothing is accepted where there are no descriptors left. */
const REST_MS = 100;

const EXHAUSTED: ReadonlySet<number> = new Set([-ERRNO.EMFILE, -ERRNO.ENFILE, -ERRNO.ENOBUFS, -ERRNO.ENOMEM]);

/** Throws LOCK_HELD, NOT_ALLOWED_NOW, PERMISSION_DENIED, SYSTEM: see place.ts. */
export function openJobd(options: JobdServerOptions): JobdServer {
  const place = openPlace(options.path);
  try {
    const server = new Server(options, place);
    return { path: options.path, close: () => server.close() };
  } catch (thrown) {
    place.close();
    throw thrown;
  }
}

class Server {
  readonly #options: JobdServerOptions;
  readonly #place: Place;
  readonly #slow: Slow;
  readonly #waiters: Waiters;
  readonly #polled = new PollSet(FRESH + 1);
  /** Accepted in this turn, and not whole yet. */
  #fresh: Connection[] = [];
  readonly #watch: Watch;
  #cancelRest: (() => void) | null = null;
  #isExhausted = false;
  #isClosed = false;

  constructor(options: JobdServerOptions, place: Place) {
    this.#options = options;
    this.#place = place;
    this.#slow = new Slow(options.clock, options.slow ?? SLOW);
    this.#waiters = new Waiters(options.jobs, options.waiters ?? WAITERS);
    // A turn asks for the next one when it is over: it has its own way of looking meanwhile.
    this.#watch = watchKept(place.listener, EPOLL.IN | EPOLL.ONESHOT, () => this.#turn());
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#watch[Symbol.dispose]();
    this.#cancelRest?.();
    this.#place.close();
    for (const connection of this.#waiters.end()) this.#reject(connection, ERRNO.EINTR);
    this.#slow.close();
  }

  #turn(): void {
    try {
      this.#serveTurn();
    } finally {
      for (const connection of this.#fresh.splice(0)) this.#await(connection);
      if (!this.#isClosed && !this.#cancelRest) this.#watch.rearm();
    }
  }

  #serveTurn(): void {
    const { clock } = this.#options;
    const untilMs = clock.nowMs() + LONGEST_TURN_MS;
    while (this.#comes()) {
      this.#receiveFresh();
      if (this.#polled.hasCome(0) && !this.#accept()) return;
      if (clock.nowMs() > untilMs) return;
    }
  }

  /** Whether anything comes before the turn has looked for long enough. */
  #comes(): boolean {
    const { clock } = this.#options;
    this.#polled.clear();
    this.#polled.add(this.#place.listener);
    for (const connection of this.#fresh) this.#polled.add(connection.fd);
    if (this.#polled.isReady()) return true;
    const untilMs = clock.nowMs() + LINGER_MS;
    for (let looks = 0; looks < MOST_LOOKS && clock.nowMs() < untilMs; looks++) {
      yieldProcessor();
      if (this.#polled.isReady()) return true;
    }
    return false;
  }

  #receiveFresh(): void {
    const fresh = this.#fresh;
    for (let index = fresh.length - 1; index >= 0; index--) {
      const connection = fresh[index];
      if (connection && this.#polled.hasCome(index + 1) && this.#serve(connection)) fresh.splice(index, 1);
    }
  }

  /** One connection. False when the turn had better end. */
  #accept(): boolean {
    const accepted = acceptFrom(this.#place.listener);
    if (typeof accepted === "number") return EXHAUSTED.has(accepted) ? this.#makeRoom(-accepted) : true;
    this.#isExhausted = false;
    const connection = new Connection(accepted);
    if (this.#serve(connection)) return true;
    const oldest = this.#fresh.length < FRESH ? undefined : this.#fresh.shift();
    if (oldest) this.#await(oldest);
    this.#fresh.push(connection);
    return true;
  }

  /** Those who keep a descriptor for nothing give it back; if nobody does, clients wait in the backlog. */
  #makeRoom(errno: number): boolean {
    if (this.#slow.dropOldest(REST_MS)) return true;
    if (!this.#isExhausted) this.#options.log(`the jobd socket cannot accept for now: ${describeErrno(errno)}`);
    this.#isExhausted = true;
    this.#cancelRest = this.#options.clock.setTimer(REST_MS, () => {
      this.#cancelRest = null;
      this.#watch.rearm();
    });
    return false;
  }

  /** False while its request is not whole. */
  #serve(connection: Connection): boolean {
    const arrival = connection.receive();
    if (arrival === "partial") return false;
    if (arrival === "whole") this.#answer(connection);
    else connection.close();
    return true;
  }

  #answer(connection: Connection): void {
    const { jobs, changesBy, log } = this.#options;
    const given = answer(connection.message, {
      jobs,
      changesBy,
      log,
      peer: connection.fd,
      wait: (jid) => this.#waiters.add(connection, jid, (end) => this.#ended(connection, jid, end)),
    });
    if (given === "later") return;
    if (given === "refuse") {
      connection.close();
      return;
    }
    connection.reply(given);
    if (connection.isReplying) this.#await(connection);
  }

  #ended(connection: Connection, jid: Jid, { status }: JobEnd): void {
    // Nobody saw how it ended: no status is made up. Who asks a moment later is told the same, that there is no such job.
    if (status === null) {
      this.#reject(connection, ERRNO.ENODATA);
      return;
    }
    const { result, stat } = REQUESTS.WAITJID;
    connection.message.setWide(result, jid);
    connection.message.setInt(stat, status);
    this.#reply(connection);
  }

  #reject(connection: Connection, errno: number): void {
    connection.message.err = errno;
    this.#reply(connection);
  }

  #reply(connection: Connection): void {
    connection.reply("nothing");
    if (!connection.isReplying) return;
    if (this.#isClosed) connection.close();
    else this.#await(connection);
  }

  /** The loop says when its client has gone on. */
  #await(connection: Connection): void {
    this.#slow.add(connection);
    try {
      connection.watch(() => this.#resume(connection));
    } catch (thrown) {
      this.#slow.remove(connection);
      connection.close();
      this.#options.log(`a jobd connection cannot be watched: errno ${errnoOf(thrown, this.#options)}`);
    }
  }

  #resume(connection: Connection): void {
    if (connection.isReplying) connection.flush();
    else if (!this.#serve(connection)) return;
    // While its job lasts, or until its reply is taken, it stays for another reason.
    if (connection.isReplying) this.#await(connection);
    else this.#slow.remove(connection);
  }
}
