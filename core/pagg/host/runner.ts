/**
 * One module's processes, in its own process: events in, hooks called in their order, what became of each process out. A child
 * is attached with what its parent has at that moment, as in attach_pagg(): the order of events is that of the forks.
 */
import type { Json, Pagg, PaggModule } from "../module-api.ts";
import { type HostEvent, type Key, MESSAGE_LIMIT, type Outcome, TEXT_LIMIT } from "./messages.ts";
import { type ProcessIdentity, ProcessView } from "./process-view.ts";

/** What `pagg.fail()` makes: a word of the module, not a defect. */
export class ModuleWord extends Error {
  readonly errno: string;

  constructor(errno: string, message: string) {
    super(message);
    this.errno = errno;
  }
}

interface Held {
  readonly key: Key;
  readonly process: ProcessView;
  data: unknown;
  text: string | null;
}

interface Waiting {
  readonly pid: number;
  readonly data: unknown;
  resolve(): void;
  reject(reason: Error): void;
}

export interface RunnerOptions {
  readonly module: PaggModule<unknown>;
  readonly procRoot: string;
  /** The module asks for a process to be attached: adopted or refused later, under this number. */
  readonly askAttach: (id: number, pid: number) => void;
  /** Something was touched outside of a batch. */
  readonly onTouched: () => void;
}

export class HookRunner {
  readonly #options: RunnerOptions;
  readonly #held = new Map<Key, Held>();
  readonly #byPid = new Map<number, Held>();
  readonly #waiting = new Map<number, Waiting>();
  readonly #pagg: Pagg<unknown>;
  #outcome = emptyOutcome();
  #lastRequest = 0;
  #hook: string | null = null;

  constructor(options: RunnerOptions) {
    this.#options = options;
    this.#pagg = this.#makePagg();
  }

  /** The hook that was called last: if something is thrown, it was there. */
  get hook(): string | null {
    return this.#hook;
  }

  apply(events: readonly HostEvent[]): void {
    for (const event of events) this.#apply(event);
  }

  /** What has become of processes since it was last taken; null if nothing has. */
  takeOutcome(): Outcome | null {
    const outcome = this.#outcome;
    if (Object.values(outcome).every((list) => list.length === 0)) return null;
    this.#outcome = emptyOutcome();
    return outcome;
  }

  /** The answer of a request, or a promise of it. */
  call(request: string, data: Json): unknown {
    const found = this.#options.module.requests?.[request];
    if (!found) throw new ModuleWord("EINVAL", `there is no request ${request}`);
    return found.answer(data, this.#pagg);
  }

  attachFailed(id: number, errno: string, message: string): void {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    waiting?.reject(new ModuleWord(errno, message));
  }

  /** Lets out everything, as unregister_pagg() does. */
  detachAll(): void {
    for (const held of [...this.#held.values()]) this.#end(held, { isExited: false, status: null });
  }

  #apply(event: HostEvent): void {
    const [type, key] = event;
    switch (type) {
      case "fork": {
        const [, , child, pid, parentPid, ticks] = event;
        const parent = this.#held.get(key);
        if (!parent) this.#outcome.left.push(child);
        else {
          const view = this.#view({ pid, parentPid, startTicks: null, ticks }, parent.process);
          this.#take(child, view, "attach", (module) => module.attach(view, parent.data, this.#pagg));
        }
        return;
      }
      case "init": {
        const [, , pid, parentPid, startTicks] = event;
        const view = this.#view({ pid, parentPid, startTicks, ticks: 0 }, null);
        this.#take(key, view, "init", (module) => module.init?.(view, this.#pagg));
        return;
      }
      case "adopt": {
        const [, , pid, parentPid, startTicks, request] = event;
        const waiting = this.#waiting.get(request);
        this.#waiting.delete(request);
        const view = this.#view({ pid, parentPid, startTicks, ticks: 0 }, null);
        this.#take(key, view, "attach", () => waiting?.data);
        waiting?.resolve();
        return;
      }
      case "exec": {
        const held = this.#held.get(key);
        if (!held) return;
        held.process.forget();
        this.#hook = "exec";
        const data = this.#options.module.exec?.(held.process, held.data, this.#pagg);
        checkData("exec", data);
        if (data !== undefined) this.#keep(held, data);
        return;
      }
      case "exit": {
        const held = this.#held.get(key);
        if (held) this.#end(held, { isExited: true, status: event[2] });
      }
    }
  }

  #view(identity: ProcessIdentity, parent: ProcessView | null): ProcessView {
    return new ProcessView(this.#options.procRoot, identity, parent);
  }

  #take(key: Key, process: ProcessView, hook: string, ask: (module: PaggModule<unknown>) => unknown): void {
    let data: unknown;
    this.#hook = hook;
    try {
      data = ask(this.#options.module);
      checkData(hook, data);
    } catch (thrown) {
      if (!(thrown instanceof ModuleWord)) throw thrown;
      this.#outcome.refused.push([key, thrown.message.slice(0, MESSAGE_LIMIT)]);
      return;
    }
    if (data === undefined) {
      this.#outcome.left.push(key);
      return;
    }
    const held = { key, process, data, text: this.#textOf(data) };
    this.#held.set(key, held);
    this.#byPid.set(process.pid, held);
    this.#outcome.attached.push([key, held.text]);
  }

  #keep(held: Held, data: unknown): void {
    held.data = data;
    const text = this.#textOf(data);
    if (text === held.text) return;
    held.text = text;
    this.#outcome.changed.push([held.key, text]);
  }

  #end(held: Held, end: { isExited: boolean; status: number | null }): void {
    this.#drop(held);
    this.#hook = "detach";
    const result: unknown = this.#options.module.detach?.(held.process, held.data, end, this.#pagg);
    checkData("detach", result);
  }

  #drop(held: Held): void {
    this.#held.delete(held.key);
    // Its pid may be another's by now.
    if (this.#byPid.get(held.process.pid) === held) this.#byPid.delete(held.process.pid);
  }

  #textOf(data: unknown): string | null {
    const { describe } = this.#options.module;
    if (describe) this.#hook = "describe";
    const text = describe ? describe.call(this.#options.module, data) : JSON.stringify(data);
    if (text === undefined || text === "") return null;
    if (typeof text !== "string") throw new TypeError("describe has given back something that is no text");
    return text.length > TEXT_LIMIT ? `${text.slice(0, TEXT_LIMIT - 3)}...` : text;
  }

  #makePagg(): Pagg<unknown> {
    const byPid = this.#byPid;
    return {
      fail: (errno, message) => {
        if (typeof errno !== "string" || !/^E[A-Z0-9]{1,30}$/.test(errno)) {
          throw new TypeError(`pagg.fail: ${JSON.stringify(errno)} is no name of an errno`);
        }
        return new ModuleWord(errno, String(message).slice(0, MESSAGE_LIMIT));
      },
      processes: () => byPid.values(),
      get: (pid) => byPid.get(pid)?.data,
      set: (pid, data) => {
        const held = byPid.get(pid);
        if (!held) return false;
        checkData("pagg.set", data);
        if (data === undefined) throw new TypeError("pagg.set: undefined is no data; pagg.detach lets a process out");
        this.#keep(held, data);
        this.#options.onTouched();
        return true;
      },
      attach: (pid, data) => this.#ask(pid, data),
      detach: (pid) => {
        const held = byPid.get(pid);
        if (!held) return false;
        this.#drop(held);
        this.#outcome.left.push(held.key);
        this.#options.onTouched();
        return true;
      },
    };
  }

  #ask(pid: number, data: unknown): Promise<void> {
    checkData("pagg.attach", data);
    if (data === undefined) throw new TypeError("pagg.attach: undefined is no data");
    if (!Number.isInteger(pid) || pid < 1 || pid > 0x7fff_ffff) throw new ModuleWord("EINVAL", `${pid} is no pid`);
    const id = ++this.#lastRequest;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#waiting.set(id, { pid, data, resolve, reject });
    this.#options.askAttach(id, pid);
    return promise;
  }
}

function emptyOutcome() {
  return {
    attached: [] as [Key, string | null][],
    changed: [] as [Key, string | null][],
    left: [] as Key[],
    refused: [] as [Key, string][],
  };
}

/** A hook answers at once, for the next event may be about what it decides. */
function checkData(hook: string, data: unknown): void {
  if (typeof data === "object" && data !== null && "then" in data) {
    throw new TypeError(`${hook} has given back a promise: hooks answer at once`);
  }
}
