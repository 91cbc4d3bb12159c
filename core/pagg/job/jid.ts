/** What a jid is made of: HID << 32 | SID, and which is given next. How it is written is in core/model/jid.ts. */
import { jobError } from "./errors.ts";
import type { Jid } from "./requests.ts";

/** HID that says: no jobs. */
export const DISABLED = 0xffff_ffff;

const LARGEST_SID = 0xffff_ffff;

export const makeJid = (hid: number, sid: number): Jid => (BigInt(hid) << 32n) | BigInt(sid);

export const sidOf = (jid: Jid): number => Number(jid & 0xffff_ffffn);

export class JidCounter {
  #hid: number;
  #sid: number;

  /** `sid`: the last that was given. */
  constructor(hid: number, sid: number) {
    this.#hid = hid;
    this.#sid = sid;
  }

  get hid(): number {
    return this.#hid;
  }

  /** The last that was given. */
  get sid(): number {
    return this.#sid;
  }

  /** SETHID: what is in force, cut as the kernel cuts an unsigned long. */
  setHid(hid: number): number {
    this.#hid = Number(BigInt.asUintN(32, BigInt(Math.trunc(Number.isFinite(hid) ? hid : 0))));
    return this.#hid;
  }

  /** The next that is not in use. Throws EBUSY. */
  next(used: { readonly size: number; has(jid: Jid): boolean }): Jid {
    for (let tries = 0; tries <= used.size; tries++) {
      this.#sid = this.#sid >= LARGEST_SID ? 1 : this.#sid + 1;
      const jid = makeJid(this.#hid, this.#sid);
      if (!used.has(jid)) return jid;
    }
    throw jobError("EBUSY", "every job id is in use");
  }
}
