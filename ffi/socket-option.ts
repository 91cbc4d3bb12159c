/** getsockopt(2) and setsockopt(2) at the socket level. */
import { attempt, lazyLibc } from "./libc.ts";
import { kernelBytes, viewOf } from "./memory.ts";

const options = lazyLibc({
  getsockopt: { args: ["i32", "i32", "i32", "ptr", "ptr"], returns: "i32" },
  setsockopt: { args: ["i32", "i32", "i32", "ptr", "u32"], returns: "i32" },
});

const SOL_SOCKET = 1;

export interface OptionAnswer {
  /** 0 or `-errno` */
  readonly result: number;
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** What the kernel says the value takes: more than was given when `result` is -ERANGE. */
  readonly length: number;
}

export function getSocketOption(number: number, option: number, room: number): OptionAnswer {
  const bytes = kernelBytes(room);
  const length = kernelBytes(4);
  viewOf(length).setUint32(0, room, true);
  const result = attempt(() => options().getsockopt(number, SOL_SOCKET, option, bytes, length));
  return { result, bytes, length: viewOf(length).getUint32(0, true) };
}

/** Returns 0 or `-errno`. */
export function setSocketOption(number: number, option: number, value: Uint8Array<ArrayBuffer>): number {
  return attempt(() => options().setsockopt(number, SOL_SOCKET, option, value, value.length));
}
