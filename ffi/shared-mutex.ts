/**
 * glibc's process-shared mutex of type ERRORCHECK (pthread_mutex_init(3), pthread_mutexattr_setpshared(3)) in memory that
 * others map: the same words, taken and given back the same way, so that C programs and this one exclude each other.
 *
 *     int32  0 lock     0 free, 1 held, 2 held and somebody may wait (futex)
 *            1 count
 *            2 owner    number of the thread that holds it
 *            3 users    threads that hold it
 *            4 kind     130: ERRORCHECK 2 | shared 128
 *
 * libc's functions are not called on it: memory that others write may claim to be a robust mutex, whose list of pointers
 * they would follow. Here every word is a number and nothing else.
 */
import { futexWait, futexWakeOne } from "./futex.ts";
import { addressOf } from "./memory.ts";
import { threadId } from "./thread-id.ts";

const LOCK = 0;
const OWNER = 2;
const USERS = 3;
const KIND = 4;
const WORDS = 5;

export const MUTEX_KIND = 130;
/** sizeof(pthread_mutex_t) on x86-64; arm64 has 48. */
export const MUTEX_BYTES = 40;

const FREE = 0;
const HELD = 1;
const CONTENDED = 2;

/** Who holds it needs some tens of nanoseconds, unless the kernel took the processor away. */
const SPINS = 200;

export class SharedMutex {
  readonly #words: Int32Array<ArrayBuffer>;
  readonly #address: number;
  readonly #self = threadId();

  /** At the start of `bytes`, which stay mapped as long as this is used. */
  constructor(bytes: Uint8Array<ArrayBuffer>) {
    this.#words = new Int32Array(bytes.buffer, bytes.byteOffset, WORDS);
    this.#address = Number(addressOf(bytes));
  }

  /** As pthread_mutex_init leaves it. */
  initialise(): void {
    this.#words.fill(0);
    Atomics.store(this.#words, KIND, MUTEX_KIND);
  }

  get kind(): number {
    return Atomics.load(this.#words, KIND);
  }

  /** The thread that holds it, in the numbers of its own pid namespace; 0: nobody, or one that has not signed yet. */
  get owner(): number {
    return Atomics.load(this.#words, OWNER);
  }

  get isHeld(): boolean {
    return Atomics.load(this.#words, LOCK) !== FREE;
  }

  tryLock(): boolean {
    if (Atomics.compareExchange(this.#words, LOCK, FREE, HELD) !== FREE) return false;
    this.#sign();
    return true;
  }

  /** Blocks this thread for at most `timeoutMs`: false when it was not free by then. */
  lock(timeoutMs: number): boolean {
    for (let spin = 0; spin < SPINS; spin++) {
      if (Atomics.load(this.#words, LOCK) === FREE && this.tryLock()) return true;
    }
    const deadline = performance.now() + timeoutMs;
    for (;;) {
      const remaining = deadline - performance.now();
      if (remaining <= 0) return this.tryLock();
      if (Atomics.exchange(this.#words, LOCK, CONTENDED) === FREE) break;
      futexWait(this.#address, CONTENDED, remaining);
    }
    this.#sign();
    return true;
  }

  /** Only by whoever holds it. */
  unlock(): void {
    const words = this.#words;
    words[OWNER] = 0;
    words[USERS] = (words[USERS] ?? 1) - 1;
    if (Atomics.exchange(words, LOCK, FREE) === CONTENDED) futexWakeOne(this.#address);
  }

  /**
   * Takes it from an owner who is known to be dead. It is never free in between, and of several who try one succeeds:
   * then it is held by this thread, to be unlocked as usual, which wakes who waits.
   */
  takeFrom(owner: number): boolean {
    if (!this.isHeld || Atomics.compareExchange(this.#words, OWNER, owner, this.#self) !== owner) return false;
    this.#words[USERS] = 1;
    Atomics.store(this.#words, LOCK, CONTENDED);
    return true;
  }

  #sign(): void {
    const words = this.#words;
    words[OWNER] = this.#self;
    words[USERS] = (words[USERS] ?? 0) + 1;
  }
}
