/**
 * A region as a file: read without its lock and without mapping it, so that looking never waits, never disturbs the two
 * sides and cannot be ended by a file that becomes shorter. What is copied is one moment of it when nobody held the lock
 * and a second copy is the same.
 */
import { type Fd, readAt, statFd } from "#ffi/fd.ts";
import { viewOf } from "#ffi/memory.ts";
import { rawSecondsSince } from "#ffi/raw-clock.ts";
import { MUTEX_KIND } from "#ffi/shared-mutex.ts";
import {
  AGENT,
  type ArrayPlace,
  HOSTLIST_PATH,
  type Layout,
  layoutOfSize,
  POLICY,
  PROFILE,
  SAMPLE,
  STAMP,
  type TextPlace,
} from "./layout.ts";
import { type PolicyFields, readable, type SampleFields, textOf } from "./region-fields.ts";

export interface LockState {
  readonly isHeld: boolean;
  /** The thread that holds it, in its own pid namespace. */
  readonly owner: number;
}

export interface RegionCopy {
  readonly layout: Layout;
  readonly bytes: Uint8Array;
  readonly lock: LockState;
  /** Whether it is one moment; else it was written all the time, or somebody keeps the lock. */
  readonly isSteady: boolean;
}

const LOOKS = 4;
const LOCK = 0;
const OWNER = 8;
const KIND = 16;

/** The copy, or what is wrong with the file, in words. */
export function copyRegion(fd: Fd): RegionCopy | string {
  const { size, isFile } = statFd(fd);
  if (!isFile) return "is not a file";
  const layout = layoutOfSize(size);
  if (layout === null) return `has ${size} bytes: 4160 are right, or 4136 of GEOPM before 2021`;
  let bytes = readAt(fd, layout.fileBytes, 0);
  let isSteady = false;
  for (let look = 1; look < LOOKS && !isSteady; look++) {
    const before = bytes;
    bytes = readAt(fd, layout.fileBytes, 0);
    isSteady = bytes.length === layout.fileBytes && isFree(before) && Buffer.compare(before, bytes) === 0;
  }
  if (bytes.length !== layout.fileBytes) return "became shorter while it was read";
  const view = viewOf(bytes);
  const kind = view.getUint32(KIND, true);
  if (kind === 0) return "has no lock yet: it is being made, or its maker died";
  if (kind !== MUTEX_KIND) return `has a lock of kind ${kind}: GEOPM's is ${MUTEX_KIND}`;
  const lock = { isHeld: !isFree(bytes), owner: view.getInt32(OWNER, true) };
  return { layout, bytes, lock, isSteady };
}

const isFree = (bytes: Uint8Array): boolean => bytes.length >= 4 && viewOf(bytes).getInt32(LOCK, true) === 0;

export function policyOf(copy: RegionCopy): PolicyFields {
  return { ...arrayOf(copy, POLICY), ageSeconds: ageOf(copy) };
}

export function sampleOf(copy: RegionCopy): SampleFields {
  const text = (place: TextPlace) => textOf(copy.bytes.subarray(copy.layout.base + place.offset), place);
  return {
    agent: text(AGENT),
    profile: text(PROFILE),
    hostlistPath: text(HOSTLIST_PATH),
    ...arrayOf(copy, SAMPLE),
    ageSeconds: ageOf(copy),
  };
}

/** Nobody ever wrote anything into it. */
export const isUntouched = ({ bytes, layout }: RegionCopy): boolean =>
  bytes.subarray(layout.base).every((byte) => byte === 0);

function arrayOf({ bytes, layout }: RegionCopy, place: ArrayPlace): { count: number; values: Float64Array } {
  const view = viewOf(bytes);
  const count = Number(view.getBigUint64(layout.base + place.count, true));
  const values = new Float64Array(readable(count, place));
  for (let index = 0; index < values.length; index++) {
    values[index] = view.getFloat64(layout.base + place.values + 8 * index, true);
  }
  return { count, values };
}

function ageOf({ bytes, layout }: RegionCopy): number | null {
  const start = layout.base + STAMP;
  const stamp = new Uint32Array(bytes.slice(start, start + 16).buffer);
  return stamp.every((word) => word === 0) ? null : rawSecondsSince(stamp, 0);
}
