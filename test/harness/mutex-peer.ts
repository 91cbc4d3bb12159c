/**
 * A process that uses glibc's own mutex functions on the start of a file it has mapped, as C programs do:
 * `init`, `lock`, `trylock`, `unlock`, `add COUNT` (that many locked increments of the int32 at offset 4096) and `tid`.
 * Each line is answered with a line. Kept by MutexPeer.
 */
import { dlopen } from "bun:ffi";
import { createInterface } from "node:readline";
import { OPEN, openFd } from "#ffi/fd.ts";
import { Mapping } from "#ffi/mapping.ts";
import { kernelBytes } from "#ffi/memory.ts";
import { threadId } from "#ffi/thread-id.ts";

const on = { args: ["ptr"], returns: "i32" } as const;
const setting = { args: ["ptr", "i32"], returns: "i32" } as const;
const { symbols: c } = dlopen("libc.so.6", {
  pthread_mutexattr_init: on,
  pthread_mutexattr_settype: setting,
  pthread_mutexattr_setpshared: setting,
  pthread_mutex_init: { args: ["ptr", "ptr"], returns: "i32" },
  pthread_mutex_lock: on,
  pthread_mutex_trylock: on,
  pthread_mutex_unlock: on,
});

const ERRORCHECK = 2;
const SHARED = 1;

using fd = openFd(process.argv[2] ?? "", OPEN.READ_WRITE);
const mapping = new Mapping(fd, { writable: true });
const mutex = mapping.bytes;
const counter = new Int32Array(mutex.buffer, 4096, 1);

function initialise(): number {
  const attributes = kernelBytes(64);
  c.pthread_mutexattr_init(attributes);
  c.pthread_mutexattr_settype(attributes, ERRORCHECK);
  c.pthread_mutexattr_setpshared(attributes, SHARED);
  return c.pthread_mutex_init(mutex, attributes);
}

function add(count: number): number {
  for (let round = 0; round < count; round++) {
    if (c.pthread_mutex_lock(mutex) !== 0) return -1;
    counter[0] = (counter[0] ?? 0) + 1;
    if (c.pthread_mutex_unlock(mutex) !== 0) return -1;
  }
  return count;
}

const COMMANDS: Readonly<Record<string, (argument: number) => number>> = {
  init: initialise,
  lock: () => c.pthread_mutex_lock(mutex),
  trylock: () => c.pthread_mutex_trylock(mutex),
  unlock: () => c.pthread_mutex_unlock(mutex),
  add,
  tid: threadId,
};

process.stdout.write("ready\n");
for await (const line of createInterface({ input: process.stdin })) {
  const [command = "", argument] = line.split(" ");
  process.stdout.write(`${COMMANDS[command]?.(Number(argument))}\n`);
}
