/** jid: HID << 32 | SID, printed as 0x and 16 hex digits. */
import { jobError } from "./errors.ts";
import type { Jid } from "./requests.ts";

/** HID that says: no jobs. */
export const DISABLED = 0xffff_ffff;

const LARGEST = 0xffff_ffff_ffff_ffffn;

export const makeJid = (hid: number, sid: number): Jid => (BigInt(hid) << 32n) | BigInt(sid);

export const sidOf = (jid: Jid): number => Number(jid & 0xffff_ffffn);

/** `0x0000000000000501` */
export const formatJid = (jid: Jid): string => `0x${jid.toString(16).padStart(16, "0")}`;

/** Hexadecimal with or without 0x. Throws EINVAL. */
export function parseJid(text: string): Jid {
  const digits = /^(?:0x)?([0-9a-f]{1,16})$/i.exec(text)?.[1];
  if (digits === undefined) {
    throw jobError("EINVAL", `not a job id: ${text}`, { hint: "up to 16 hex digits, such as 0x0000000000000501" });
  }
  return BigInt(`0x${digits}`);
}

/** Whether a job may have it: 64 bits, and not 0. */
export const isJid = (jid: Jid): boolean => jid > 0n && jid <= LARGEST;
