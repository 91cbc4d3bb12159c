/** What stands in a region, as plain values: the same from mapped memory and from a copy of the file. */
import type { ArrayPlace, TextPlace } from "./layout.ts";

export interface SampleFields {
  /** Empty: nobody is attached. */
  readonly agent: string;
  readonly profile: string;
  readonly hostlistPath: string;
  /** As written there, which may be more than the region has room for. */
  readonly count: number;
  readonly values: Float64Array;
  /** null: none was ever written. */
  readonly ageSeconds: number | null;
}

export interface PolicyFields {
  readonly count: number;
  readonly values: Float64Array;
  readonly ageSeconds: number | null;
}

const decoder = new TextDecoder();

/** Up to the NUL; the last byte is one, whatever stands there. What is not UTF-8 is replaced. */
export function textOf(bytes: Uint8Array, place: TextPlace): string {
  const end = bytes.indexOf(0);
  const limit = place.bytes - 1;
  return decoder.decode(bytes.subarray(0, end < 0 || end > limit ? limit : end));
}

/** How many of the values can be read. */
export const readable = (count: number, place: ArrayPlace): number => Math.min(count, place.capacity);

/** Plain numbers before the lock is taken: what the caller has may run code of its own when it is read. */
export const plainValues = (values: ArrayLike<number>): Float64Array =>
  values instanceof Float64Array ? values : Float64Array.from(values);
