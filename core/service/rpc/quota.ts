/** What each user's clients hold together: no user can take the service away from another. */
import { type Caller, isOwn } from "../caller.ts";
import { type Allowance, CONNECTIONS, OWN_ALLOWANCE, STRANGER_ALLOWANCE, STRANGERS } from "./limits.ts";

/** One user's account. */
export interface Account {
  readonly uid: number;
  readonly isOwn: boolean;
  readonly allowance: Allowance;
  connections: number;
  bytes: number;
}

export class Quota {
  readonly #limit: number;
  readonly #accounts = new Map<number, Account>();
  #connections = 0;
  #strangers = 0;

  /** `limit`: connections of all together, less than CONNECTIONS where descriptors are few. */
  constructor(limit = CONNECTIONS) {
    this.#limit = limit;
  }

  /** The caller's account with one connection more; null if there is no room. */
  enter(caller: Caller): Account | null {
    const account = this.#accountOf(caller);
    const strangersLimit = Math.floor((STRANGERS * this.#limit) / CONNECTIONS);
    if (this.#connections >= this.#limit || account.connections >= account.allowance.connections) return null;
    if (!account.isOwn && this.#strangers >= strangersLimit) return null;
    this.#accounts.set(account.uid, account);
    this.#count(account, 1);
    return account;
  }

  leave(account: Account): void {
    this.#count(account, -1);
    // What its actions hold is remembered: whoever connects again has not got it back.
    if (account.connections === 0 && account.bytes === 0) this.#accounts.delete(account.uid);
  }

  #count(account: Account, by: 1 | -1): void {
    account.connections += by;
    this.#connections += by;
    if (!account.isOwn) this.#strangers += by;
  }

  #accountOf(caller: Caller): Account {
    const known = this.#accounts.get(caller.uid);
    if (known) return known;
    const own = isOwn(caller);
    const allowance = own ? OWN_ALLOWANCE : STRANGER_ALLOWANCE;
    return { uid: caller.uid, isOwn: own, allowance, connections: 0, bytes: 0 };
  }
}
