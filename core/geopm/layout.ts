/**
 * The two regions of an endpoint, as GEOPM lays them out: a mutex, then 4096 bytes. Offsets count from their start.
 *
 *     current (since December 2020)   64 + 4096 = 4160 bytes
 *     old                             40 + 4096 = 4136 bytes
 */

export interface Layout {
  readonly name: "current" | "old";
  /** Where the 4096 bytes begin. */
  readonly base: number;
  readonly fileBytes: number;
}

const PAYLOAD_BYTES = 4096;

export const CURRENT_LAYOUT: Layout = { name: "current", base: 64, fileBytes: 64 + PAYLOAD_BYTES };
export const OLD_LAYOUT: Layout = { name: "old", base: 40, fileBytes: 40 + PAYLOAD_BYTES };

/** null: no region of an endpoint has that size. */
export function layoutOfSize(fileBytes: number): Layout | null {
  return [CURRENT_LAYOUT, OLD_LAYOUT].find((layout) => layout.fileBytes === fileBytes) ?? null;
}

/** struct timespec of CLOCK_MONOTONIC_RAW: the last write. */
export const STAMP = 0;

export interface ArrayPlace {
  /** uint64: how many of the doubles count. */
  readonly count: number;
  readonly values: number;
  readonly capacity: number;
}

/** Written by the owner, read by the controller. */
export const POLICY: ArrayPlace = { count: 16, values: 24, capacity: 509 };

/** Written by the controller, read by the owner. */
export const SAMPLE: ArrayPlace = { count: 1040, values: 1048, capacity: 381 };

export interface TextPlace {
  readonly offset: number;
  /** With the NUL that ends it. */
  readonly bytes: number;
}

/** Empty: no controller is attached. */
export const AGENT: TextPlace = { offset: 16, bytes: 256 };
export const PROFILE: TextPlace = { offset: 272, bytes: 256 };
export const HOSTLIST_PATH: TextPlace = { offset: 528, bytes: 512 };

export const POLICY_SUFFIX = "-policy";
export const SAMPLE_SUFFIX = "-sample";
