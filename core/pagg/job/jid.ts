/** What a jid is made of: HID << 32 | SID. How it is written is in core/model/jid.ts. */
import type { Jid } from "./requests.ts";

/** HID that says: no jobs. */
export const DISABLED = 0xffff_ffff;

export const makeJid = (hid: number, sid: number): Jid => (BigInt(hid) << 32n) | BigInt(sid);

export const sidOf = (jid: Jid): number => Number(jid & 0xffff_ffffn);
