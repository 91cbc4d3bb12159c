/**
 * Job ids as they are written: `0x` and 16 hex digits, the first eight of the host (HID), the others of the job on that
 * host (SID). 0 is never a job.
 */

const HIGHEST = 0xffff_ffff_ffff_ffffn;

export function jidText(jid: bigint): string {
  return `0x${jid.toString(16).padStart(16, "0")}`;
}

/** Whether a job may have it: 64 bits, and not 0. */
export const isJid = (jid: bigint): boolean => jid > 0n && jid <= HIGHEST;

/** Hexadecimal with or without `0x`, in any case, short or long; null for what is no job's id. */
export function parseJid(text: string): bigint | null {
  if (!/^(?:0[xX])?[0-9a-fA-F]{1,64}$/.test(text)) return null;
  const jid = BigInt(`0x${text.replace(/^0[xX]/, "")}`);
  return isJid(jid) ? jid : null;
}

/** The same, as it is written; null for what is no job's id. */
export function canonicalJid(text: string): string | null {
  const jid = parseJid(text);
  return jid === null ? null : jidText(jid);
}

/** A host id: 0 to ffffffff, hexadecimal as in jsethid(8). */
export function parseHid(text: string): number | null {
  if (!/^(?:0[xX])?[0-9a-fA-F]{1,64}$/.test(text)) return null;
  const hid = BigInt(`0x${text.replace(/^0[xX]/, "")}`);
  return hid <= 0xffff_ffffn ? Number(hid) : null;
}
