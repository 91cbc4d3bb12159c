/**
 * The hash by which frequency_map names a region, geopm_hash(3). Since 3.0 it is the CRC-32 of zlib; before, CRC-32C from 0 and
 * without a final complement over the name filled up with zeros to words of eight bytes, as the processor's instruction does it.
 */
import type { GeopmLine } from "./agents.ts";

const WORD_BYTES = 8;
/** Reflected. */
const CASTAGNOLI = 0x82f63b78;

export function regionHash(name: string, line: GeopmLine = "3"): number {
  const bytes = new TextEncoder().encode(name);
  if (line === "3") return Bun.hash.crc32(bytes);
  const words = new Uint8Array(Math.ceil(bytes.length / WORD_BYTES) * WORD_BYTES);
  words.set(bytes);
  return words.reduce(withByte, 0) >>> 0;
}

function withByte(crc: number, byte: number): number {
  let next = crc ^ byte;
  for (let bit = 0; bit < 8; bit++) next = next & 1 ? (next >>> 1) ^ CASTAGNOLI : next >>> 1;
  return next;
}
