import { afterAll, expect, test } from "bun:test";
import { closeSync, ftruncateSync, openSync, readFileSync } from "node:fs";
import { OPEN, openFd } from "#ffi/fd.ts";
import { Mapping } from "#ffi/mapping.ts";
import { MUTEX_BYTES, MUTEX_KIND, SharedMutex } from "#ffi/shared-mutex.ts";
import { threadId } from "#ffi/thread-id.ts";
import { MutexPeer } from "#test/harness/mutex-peers.ts";
import { TemporaryDirectory } from "./workbench.ts";

const directory = new TemporaryDirectory();
afterAll(() => directory[Symbol.dispose]());

const EBUSY = 16;
const COUNTER = 4096;
/** So long nobody waits in a test that passes. */
const LONG_MS = 20_000;

function fileOf(name: string): string {
  const fd = openSync(directory.file(name), "w");
  ftruncateSync(fd, COUNTER + 4);
  closeSync(fd);
  return directory.file(name);
}

function mapOf(path: string): Mapping {
  using fd = openFd(path, OPEN.READ_WRITE);
  return new Mapping(fd, { writable: true });
}

test("a new one is byte for byte what pthread_mutex_init makes", async () => {
  const [ours, theirs] = [fileOf("ours"), fileOf("theirs")];
  using mapping = mapOf(ours);
  mapping.bytes.fill(0xff, 0, 20);
  const mutex = new SharedMutex(mapping.bytes);
  mutex.initialise();
  await using peer = await MutexPeer.start(theirs);
  expect(await peer.tell("init")).toBe(0);
  expect(readFileSync(ours).subarray(0, MUTEX_BYTES)).toEqual(readFileSync(theirs).subarray(0, MUTEX_BYTES));
  expect(mutex.kind).toBe(MUTEX_KIND);
});

test("held and given back, it stands there as glibc leaves it", async () => {
  const path = fileOf("words");
  using mapping = mapOf(path);
  const words = () => [...new Int32Array(mapping.copyOut().buffer, 0, 5)];
  const mutex = new SharedMutex(mapping.bytes);
  mutex.initialise();
  expect(mutex.tryLock()).toBe(true);
  expect(words()).toEqual([1, 0, threadId(), 1, MUTEX_KIND]);
  expect(mutex.tryLock()).toBe(false);
  mutex.unlock();
  expect(words()).toEqual([0, 0, 0, 0, MUTEX_KIND]);
  await using peer = await MutexPeer.start(path);
  await peer.tell("lock");
  expect(words()).toEqual([1, 0, await peer.tell("tid"), 1, MUTEX_KIND]);
  expect(mutex.owner).toBe(await peer.tell("tid"));
  await peer.tell("unlock");
  expect(words()).toEqual([0, 0, 0, 0, MUTEX_KIND]);
});

test("each keeps the other out", async () => {
  const path = fileOf("out");
  using mapping = mapOf(path);
  const mutex = new SharedMutex(mapping.bytes);
  mutex.initialise();
  await using peer = await MutexPeer.start(path);
  expect(mutex.tryLock()).toBe(true);
  expect(await peer.tell("trylock")).toBe(EBUSY);
  mutex.unlock();
  expect(await peer.tell("trylock")).toBe(0);
  expect(mutex.tryLock()).toBe(false);
  expect(mutex.lock(1)).toBe(false);
  expect(mutex.isHeld).toBe(true);
  // A wait that was given up leaves a mark for waiters; the holder does not mind.
  expect(await peer.tell("unlock")).toBe(0);
  expect(mutex.isHeld).toBe(false);
  expect(mutex.lock(LONG_MS)).toBe(true);
  mutex.unlock();
});

test("a glibc thread that waits is woken", async () => {
  const path = fileOf("woken");
  using mapping = mapOf(path);
  const mutex = new SharedMutex(mapping.bytes);
  mutex.initialise();
  await using peer = await MutexPeer.start(path);
  mutex.tryLock();
  const taken = peer.tell("lock");
  // 2: it sleeps, or is about to.
  while (new Int32Array(mapping.copyOut().buffer)[0] !== 2) await new Promise(setImmediate);
  mutex.unlock();
  expect(await taken).toBe(0);
});

test("increments from three sides, none lost", async () => {
  const path = fileOf("count");
  using mapping = mapOf(path);
  const counter = new Int32Array(mapping.bytes.buffer, COUNTER, 1);
  const mutex = new SharedMutex(mapping.bytes);
  mutex.initialise();
  await using one = await MutexPeer.start(path);
  await using other = await MutexPeer.start(path);
  const EACH = 100_000;
  const done = Promise.all([one.tell(`add ${EACH}`), other.tell(`add ${EACH}`)]);
  for (let round = 0; round < EACH; round++) {
    if (!mutex.lock(LONG_MS)) throw new Error("the lock was not had");
    counter[0] = (counter[0] ?? 0) + 1;
    mutex.unlock();
  }
  expect(await done).toEqual([EACH, EACH]);
  expect(counter[0]).toBe(3 * EACH);
});

test("taken from a dead owner it is held by who took it, once, and glibc's waiter gets it next", async () => {
  const path = fileOf("dead");
  using mapping = mapOf(path);
  const mutex = new SharedMutex(mapping.bytes);
  mutex.initialise();
  const victim = await MutexPeer.start(path);
  await victim.tell("lock");
  const owner = mutex.owner;
  await victim.kill();
  expect(mutex.lock(1)).toBe(false);
  await using waiter = await MutexPeer.start(path);
  const taken = waiter.tell("lock");
  expect(mutex.takeFrom(owner + 1)).toBe(false);
  expect(mutex.takeFrom(owner)).toBe(true);
  expect(mutex.takeFrom(owner)).toBe(false);
  expect(mutex.owner).toBe(threadId());
  mutex.unlock();
  expect(await taken).toBe(0);
  expect(await waiter.tell("unlock")).toBe(0);
  expect([...new Int32Array(mapping.copyOut().buffer, 0, 5)]).toEqual([0, 0, 0, 0, MUTEX_KIND]);
});

test("a free one is taken from nobody", () => {
  using mapping = mapOf(fileOf("free"));
  const mutex = new SharedMutex(mapping.bytes);
  mutex.initialise();
  expect(mutex.takeFrom(0)).toBe(false);
});

test("claims of hostile memory to be another kind of mutex are not followed", () => {
  using mapping = mapOf(fileOf("hostile"));
  // Robust, with a list whose pointers lead nowhere: libc would write through them.
  const words = new Int32Array(mapping.bytes.buffer, 0, 10);
  words.set([0, 0, 0, 0, 0x92, 0, 0x41414141, 0x4141, 0x42424242, 0x4242]);
  const mutex = new SharedMutex(mapping.bytes);
  expect(mutex.tryLock()).toBe(true);
  mutex.unlock();
  expect([...words]).toEqual([0, 0, 0, 0, 0x92, 0, 0x41414141, 0x4141, 0x42424242, 0x4242]);
});
