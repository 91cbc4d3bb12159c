/** Connections whose WAITJID is open: each gets its reply when the job ends, and is forgotten when its client goes. */
import { peerCredentials } from "#ffi/peer.ts";
import { jobError } from "../errors.ts";
import type { Jid, JobEnd, JobRequests } from "../requests.ts";
import type { Connection } from "./connection.ts";

export interface WaiterLimits {
  readonly all: number;
  /** Of one user who is not root. */
  readonly ofOneUser: number;
}

interface Waiter {
  readonly uid: number;
  giveUp: () => void;
}

export class Waiters {
  readonly #jobs: JobRequests;
  readonly #limits: WaiterLimits;
  readonly #waiters = new Map<Connection, Waiter>();
  readonly #countOfUser = new Map<number, number>();

  constructor(jobs: JobRequests, limits: WaiterLimits) {
    this.#jobs = jobs;
    this.#limits = limits;
  }

  /** `ended` is called once at most, and not after `end` or when the client is gone. Throws ENODATA, ENOMEM. */
  add(connection: Connection, jid: Jid, ended: (end: JobEnd) => void): void {
    const { uid } = peerCredentials(connection.fd);
    this.#checkRoom(uid);
    const waiter: Waiter = { uid, giveUp: () => {} };
    this.#waiters.set(connection, waiter);
    this.#count(uid, 1);
    try {
      waiter.giveUp = this.#jobs.waitjid(jid, (end) => {
        if (this.#forget(connection)) ended(end);
      });
      // It may have ended already.
      if (this.#waiters.has(connection)) connection.watchEnd(() => this.#leave(connection));
    } catch (thrown) {
      this.#forget(connection);
      waiter.giveUp();
      throw thrown;
    }
  }

  /** All of them, waiting no more. */
  end(): Connection[] {
    const connections = [...this.#waiters.keys()];
    for (const connection of connections) this.#stop(connection);
    return connections;
  }

  #leave(connection: Connection): void {
    this.#stop(connection);
    connection.close();
  }

  #stop(connection: Connection): void {
    const waiter = this.#waiters.get(connection);
    if (this.#forget(connection)) waiter?.giveUp();
  }

  #forget(connection: Connection): boolean {
    const waiter = this.#waiters.get(connection);
    if (!waiter) return false;
    this.#waiters.delete(connection);
    this.#count(waiter.uid, -1);
    return true;
  }

  #checkRoom(uid: number): void {
    const ofUser = this.#countOfUser.get(uid) ?? 0;
    if (this.#waiters.size < this.#limits.all && (uid === 0 || ofUser < this.#limits.ofOneUser)) return;
    throw jobError("ENOMEM", `uid ${uid} waits for ${ofUser} jobs already`);
  }

  #count(uid: number, by: 1 | -1): void {
    const count = (this.#countOfUser.get(uid) ?? 0) + by;
    if (count === 0) this.#countOfUser.delete(uid);
    else this.#countOfUser.set(uid, count);
  }
}
