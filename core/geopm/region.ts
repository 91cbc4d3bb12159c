/**
 * One mapped region of an endpoint: its lock and its fields. Everything between `enter` and `leave` is a few stores and
 * loads of memory; nothing there can throw, wait or call the kernel.
 */
import { rmSync, statSync } from "node:fs";
import { BusGuard } from "#ffi/bus-guard.ts";
import { type Fd, OPEN, openFd, statFd, truncate } from "#ffi/fd.ts";
import { setMode } from "#ffi/fd-mode.ts";
import { judgeHolder, ownMapKey } from "#ffi/map-holders.ts";
import { Mapping } from "#ffi/mapping.ts";
import { addressOf } from "#ffi/memory.ts";
import { rawSecondsSince, stampRawTime } from "#ffi/raw-clock.ts";
import { MUTEX_KIND, SharedMutex } from "#ffi/shared-mutex.ts";
import { geopmError, toGeopmError } from "./errors.ts";
import { type ArrayPlace, type Layout, layoutOfSize, STAMP, type TextPlace } from "./layout.ts";

export interface LockRecovered {
  readonly path: string;
  /** The thread that died with the lock. */
  readonly owner: number;
}

export interface RegionOptions {
  readonly procRoot: string;
  /** Monotonic. */
  readonly nowMs: () => number;
  readonly onLockRecovered: (event: LockRecovered) => void;
}

/** Real holders need less than a microsecond, or a few milliseconds when they write a host list meanwhile. */
const LOCK_WAIT_MS = 10;
/** A lock that was not had is tried without waiting for so long, so that one stuck region does not slow down the others. */
const STUCK_MS = 1000;

const MODE = 0o666;

export class Region implements Disposable {
  readonly path: string;
  readonly layout: Layout;
  readonly #device: bigint;
  readonly #inode: bigint;
  readonly #mapping: Mapping;
  readonly #guard: BusGuard;
  readonly #mutex: SharedMutex;
  readonly #options: RegionOptions;
  readonly #stampAddress: number;
  /** The whole file, as 32-bit words, as bytes, and its doubles from `base` on (which is a multiple of 8). */
  readonly #words: Uint32Array<ArrayBuffer>;
  readonly #bytes: Uint8Array<ArrayBuffer>;
  readonly #doubles: Float64Array<ArrayBuffer>;
  #stuckUntilMs = Number.NEGATIVE_INFINITY;
  #isClosed = false;
  #recovered: LockRecovered | null = null;

  private constructor(fd: Fd, layout: Layout, options: RegionOptions) {
    this.path = fd.path;
    this.layout = layout;
    this.#options = options;
    const { device, inode } = statFd(fd);
    this.#device = device;
    this.#inode = inode;
    this.#mapping = new Mapping(fd, { writable: true, length: layout.fileBytes });
    this.#bytes = this.#mapping.bytes;
    this.#guard = new BusGuard(this.#bytes);
    this.#mutex = new SharedMutex(this.#bytes);
    this.#words = new Uint32Array(this.#bytes.buffer);
    this.#doubles = new Float64Array(this.#bytes.buffer, 0, layout.fileBytes / 8);
    this.#stampAddress = Number(addressOf(this.#bytes)) + layout.base + STAMP;
    // The clock's library is opened now, not under the lock.
    this.age();
  }

  /** A new file of mode 0666, whatever the umask. Fails with 17 when there is one; then nothing is left behind. */
  static create(path: string, layout: Layout, options: RegionOptions): Region {
    try {
      using fd = openFd(path, OPEN.READ_WRITE | OPEN.CREATE | OPEN.EXCLUSIVE, 0o600);
      try {
        truncate(fd, layout.fileBytes);
        const region = new Region(fd, layout, options);
        region.#mutex.initialise();
        // Only now may others in: a controller that opened it before would find a lock that is none yet.
        setMode(fd, MODE);
        return region;
      } catch (thrown) {
        rmSync(path, { force: true });
        throw thrown;
      }
    } catch (thrown) {
      throw toGeopmError(thrown, path);
    }
  }

  /** A region that is there. -1 while it is still being made, -3 when it is not a region of an endpoint. */
  static attach(path: string, options: RegionOptions): Region {
    try {
      using fd = openFd(path, OPEN.READ_WRITE | OPEN.NONBLOCK | OPEN.NOCTTY);
      const { size, isFile } = statFd(fd);
      if (!isFile) throw geopmError(-3, `${path} is not a file`, { code: "BAD_DATA" });
      if (size === 0) throw geopmError(-1, `${path} is empty: it is being made, or its maker died`, { code: "BUSY" });
      const layout = layoutOfSize(size);
      if (!layout) {
        const message = `${path} has ${size} bytes: a region of an endpoint has 4160, of GEOPM before 2021 4136`;
        throw geopmError(-3, message, { code: "BAD_DATA" });
      }
      const region = new Region(fd, layout, options);
      const { kind } = region.#mutex;
      if (kind === MUTEX_KIND) return region;
      region.close();
      if (kind === 0)
        throw geopmError(-1, `${path} has no lock yet: it is being made, or its maker died`, { code: "BUSY" });
      throw geopmError(-3, `${path} has a lock of kind ${kind}: GEOPM's is ${MUTEX_KIND}`, { code: "BAD_DATA" });
    } catch (thrown) {
      throw toGeopmError(thrown, path);
    }
  }

  /** Takes the lock. 110 when a living or unknown holder keeps it; one that died with it is relieved of it. */
  enter(): void {
    if (!this.#mutex.tryLock()) this.#enterLate();
  }

  leave(): void {
    this.#mutex.unlock();
    if (this.#recovered !== null) this.#tellRecovered();
    if (this.#guard.isLost) throw this.#lost();
  }

  /** Part of the file is gone: nothing that is read from now on is anybody's. */
  get isLost(): boolean {
    return this.#guard.isLost;
  }

  stamp(): void {
    stampRawTime(this.#stampAddress);
  }

  /** Seconds since the last write; since the start of the machine when there was none. */
  age(): number {
    return rawSecondsSince(this.#words, (this.layout.base + STAMP) >> 2);
  }

  /** The last write, as a number that only tells it from another; without the lock. */
  get stampMark(): number {
    const index = (this.layout.base + STAMP) >> 2;
    return (this.#words[index] ?? 0) * 1e9 + (this.#words[index + 2] ?? 0);
  }

  get hasStamp(): boolean {
    const index = (this.layout.base + STAMP) >> 2;
    const words = this.#words;
    return ((words[index] ?? 0) | (words[index + 1] ?? 0) | (words[index + 2] ?? 0) | (words[index + 3] ?? 0)) !== 0;
  }

  /** May be anything: what others wrote there. */
  count(place: ArrayPlace): number {
    const index = (this.layout.base + place.count) >> 2;
    return (this.#words[index] ?? 0) + (this.#words[index + 1] ?? 0) * 0x1_0000_0000;
  }

  setCount(place: ArrayPlace, count: number): void {
    const index = (this.layout.base + place.count) >> 2;
    this.#words[index] = count;
    this.#words[index + 1] = 0;
  }

  store(place: ArrayPlace, values: Float64Array): void {
    this.#doubles.set(values, (this.layout.base + place.values) >> 3);
  }

  /** As many as `into` has room for. */
  load(place: ArrayPlace, into: Float64Array): void {
    const start = (this.layout.base + place.values) >> 3;
    const doubles = this.#doubles;
    for (let index = 0; index < into.length; index++) into[index] = doubles[start + index] as number;
  }

  /** One load, without the lock: whether the text there is empty. */
  isEmpty(place: TextPlace): boolean {
    return this.#bytes[this.layout.base + place.offset] === 0;
  }

  copyBytes(place: TextPlace): Uint8Array<ArrayBuffer> {
    const start = this.layout.base + place.offset;
    return this.#bytes.slice(start, start + place.bytes);
  }

  /** As strncpy: the rest becomes zeros. */
  putBytes(place: TextPlace, text: Uint8Array): void {
    const start = this.layout.base + place.offset;
    this.#bytes.fill(0, start, start + place.bytes);
    this.#bytes.set(text, start);
  }

  /** Its first byte only, as GEOPM does. */
  clearText(place: TextPlace): void {
    this.#bytes[this.layout.base + place.offset] = 0;
  }

  /** Zeros in all that is not the lock. */
  wipe(): void {
    this.#bytes.fill(0, this.layout.base);
  }

  /** Whether its path still leads to this file. */
  isAtPath(): boolean {
    const found = statSync(this.path, { bigint: true, throwIfNoEntry: false });
    return found?.dev === this.#device && found.ino === this.#inode;
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#guard[Symbol.dispose]();
    this.#mapping.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #enterLate(): void {
    if (this.#guard.isLost) throw this.#lost();
    const { nowMs } = this.#options;
    if (nowMs() < this.#stuckUntilMs) throw this.#stuck("");
    const owner = this.#mutex.owner;
    if (this.#mutex.lock(LOCK_WAIT_MS)) return;
    // Others had it meanwhile: it is not stuck, only wanted by many.
    if (this.#mutex.owner !== owner) throw this.#stuck("");
    const why = this.#relieve(owner);
    if (why === null) return;
    this.#stuckUntilMs = nowMs() + STUCK_MS;
    throw this.#stuck(why);
  }

  /** null: the holder was dead, and the lock is ours. */
  #relieve(owner: number): string | null {
    const { procRoot } = this.#options;
    const key = ownMapKey(procRoot, Number(addressOf(this.#bytes)));
    if (key === null) return ": its holder cannot be judged";
    const verdict = judgeHolder(procRoot, owner, key);
    if (verdict.state === "alive") return ` by process ${verdict.pid}`;
    if (verdict.state === "unknown") return `: ${verdict.reason}`;
    if (!this.#mutex.takeFrom(owner)) return this.#mutex.tryLock() ? null : "";
    this.#recovered = { path: this.path, owner };
    return null;
  }

  /** Not while the lock is held. */
  #tellRecovered(): void {
    const recovered = this.#recovered;
    this.#recovered = null;
    if (recovered) this.#options.onLockRecovered(recovered);
  }

  #stuck(why: string): Error {
    const hint = "GEOPM itself would wait for ever; trying again may work";
    return geopmError(110, `the lock of ${this.path} is held${why}`, { code: "LOCK_HELD", errno: "ETIMEDOUT", hint });
  }

  #lost(): Error {
    const hint = "destroy the endpoint and create it again";
    return geopmError(5, `${this.path} was made shorter while it was in use`, { code: "BAD_DATA", errno: "EIO", hint });
  }
}
