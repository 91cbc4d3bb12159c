/** Ids of requests: 48 bits of time, 80 of chance, in Crockford's base 32 (as ULID), so that they sort by time. */

const DIGITS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

export function requestId(wallMs: number, random: (bytes: Uint8Array) => void): string {
  const chance = new Uint8Array(10);
  random(chance);
  let value = BigInt(Math.max(0, Math.floor(wallMs))) & 0xffff_ffff_ffffn;
  for (const byte of chance) value = (value << 8n) | BigInt(byte);
  let text = "";
  for (let digit = 0; digit < 26; digit++) {
    text = (DIGITS[Number(value & 31n)] ?? "0") + text;
    value >>= 5n;
  }
  return text;
}
