/** Mapped files that others may make shorter, without SIGBUS ending this process: see bus-guard.c. */
import source from "./bus-guard.c" with { type: "text" };
import { lazyC } from "./compile-c.ts";
import { addressOf, kernelBytes, viewOf } from "./memory.ts";
import { SysError } from "./sys-error.ts";

const handler = lazyC("bus-guard.c", source, {
  guard_add: { args: ["ptr"], returns: "i32" },
  guard_remove: { args: ["ptr"], returns: "void" },
});

const NODE_SIZE = 32;
const START = 8;
const END = 16;
const LOST = 24;

/** What the handler walks through: kept here as long as it is linked there. */
const linked = new Set<Uint8Array>();

/** Guards mapped bytes from now until it is disposed, which must happen before they are unmapped. */
export class BusGuard implements Disposable {
  readonly #node = kernelBytes(NODE_SIZE);
  readonly #lost = new Int32Array(this.#node.buffer, LOST, 1);

  constructor(bytes: Uint8Array<ArrayBuffer>) {
    const view = viewOf(this.#node);
    const start = BigInt(addressOf(bytes));
    view.setBigUint64(START, start, true);
    view.setBigUint64(END, start + BigInt(bytes.length), true);
    const failure = handler().guard_add(this.#node);
    if (failure !== 0) throw new SysError(failure, "sigaction", "SIGBUS");
    linked.add(this.#node);
  }

  /** A page that was touched is not the file's any more: what was read there were zeros, what was written went nowhere. */
  get isLost(): boolean {
    return this.#lost[0] !== 0;
  }

  [Symbol.dispose](): void {
    if (linked.delete(this.#node)) handler().guard_remove(this.#node);
  }
}
