/** The number the kernel knows this thread by: gettid(2). */
import { lazyLibc } from "./libc.ts";

const threads = lazyLibc({ gettid: { args: [], returns: "i32" } });

let own = 0;

/** Each Worker has its own copy of this module, and so its own number. */
export function threadId(): number {
  if (own === 0) own = threads().gettid();
  return own;
}
