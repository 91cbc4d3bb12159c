/** Interest in descriptors: epoll_create1(2), epoll_ctl(2). Waiting is the pump's. */
import { Fd } from "./fd.ts";
import { attempt, lazyLibc } from "./libc.ts";
import { kernelBytes, viewOf } from "./memory.ts";
import { orThrow } from "./sys-error.ts";

export const EPOLL = {
  IN: 0x1,
  PRI: 0x2,
  OUT: 0x4,
  ERR: 0x8,
  HUP: 0x10,
  RDHUP: 0x2000,
  ONESHOT: 0x4000_0000,
  EDGE: 0x8000_0000,
} as const;

/** struct epoll_event: packed on x86-64 alone. */
export const EVENT_SIZE = process.arch === "x64" ? 12 : 16;
export const DATA_OFFSET = process.arch === "x64" ? 4 : 8;

const CLOEXEC = 0o2000000;
const OPERATION = { add: 1, remove: 2, modify: 3 } as const;

const epoll = lazyLibc({
  epoll_create1: { args: ["i32"], returns: "i32" },
  epoll_ctl: { args: ["i32", "i32", "i32", "ptr"], returns: "i32" },
});

export function createEpoll(): Fd {
  const number = attempt(() => epoll().epoll_create1(CLOEXEC));
  return Fd.adopt(orThrow(number, "epoll_create1", "epoll"), "epoll");
}

/** `id` comes back with each event of the descriptor. */
export function controlEpoll(
  instance: Fd,
  operation: keyof typeof OPERATION,
  fd: Fd,
  events: number,
  id: bigint,
): void {
  const event = kernelBytes(EVENT_SIZE);
  const view = viewOf(event);
  view.setUint32(0, events, true);
  view.setBigUint64(DATA_OFFSET, id, true);
  const [instanceNumber, number] = [instance.number, fd.number];
  orThrow(
    attempt(() => epoll().epoll_ctl(instanceNumber, OPERATION[operation], number, event)),
    "epoll_ctl",
    fd.path,
  );
}
