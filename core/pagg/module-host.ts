/**
 * The service's side of a module's own process. One batch of events is out at a time, the others wait up to a limit; whatever
 * is owed has to come within the stall time. A module that fails in any way is killed, and onFailed is told once.
 *
 *     push(event) -> queue -> batch --> [ module ] --> done: what became of each process
 *                                          |
 *     SIGKILL by pidfd <-- threw, stalled, garbage, flood, too slow, too large, gone
 */
import { type Clock, delay } from "#core/model/clock.ts";
import { readPipe } from "#ffi/read-pipe.ts";
import { describeWaitStatus, SIGNALS } from "#ffi/signals.ts";
import type { Child } from "#ffi/spawn.ts";
import { CallTable } from "./call-table.ts";
import { paggError } from "./errors.ts";
import { Lines } from "./host/lines.ts";
import {
  BATCH_SIZE,
  checkMessage,
  DATA_LIMIT,
  type FromHost,
  type HostEvent,
  type HostFailure,
  LINE_LIMIT,
  type Loaded,
  type Outcome,
  QUEUE_LIMIT,
  type ToHost,
} from "./host/messages.ts";
import { type HostProcess, memoryBytes, startHostProcess } from "./host-process.ts";
import { OutputGate } from "./output-gate.ts";
import { Patience } from "./patience.ts";
import { PipeWriter } from "./pipe-writer.ts";
import type { Json } from "./request.ts";

export interface ModuleHostOptions {
  readonly clock: Clock;
  readonly procRoot: string;
  readonly command: readonly string[];
  readonly stallSeconds: number;
  readonly onOutcome: (outcome: Outcome) => void;
  /** The module wants a process: the answer is an "adopt" event or attachFailed(). */
  readonly onAttach: (id: number, pid: number) => void;
  /** It is being killed; nothing more comes of it. */
  readonly onFailed: (failure: HostFailure) => void;
  readonly onOutput: (line: string) => void;
}

/** Until muster itself is up in there: a loaded machine may take its time. */
const START_MS = 30_000;
/** What it wrote last is read, unless a child of its own keeps the pipe open. */
const LAST_WORDS_MS = 100;
const MEMORY_LIMIT = 1 << 30;
const MEMORY_LOOK_MS = 1000;
type State = "starting" | "loading" | "running" | "leaving" | "over";

export class ModuleHost {
  readonly #options: ModuleHostOptions;
  readonly #child: Child;
  readonly #writer: PipeWriter;
  readonly #output: OutputGate;
  readonly #calls: CallTable;
  readonly #patience: Patience;
  readonly #ended: Promise<number>;
  readonly #loaded = Promise.withResolvers<Loaded>();
  readonly #left = Promise.withResolvers<void>();
  #state: State = "starting";
  #path = "";
  #queue: HostEvent[] = [];
  #batch = 0;
  #isBatchOut = false;
  /** Events that were pushed, and those of them that have been answered. */
  #pushed = 0;
  #answered = 0;
  #outstanding = 0;
  /** Who waits until so many are answered; in that order. */
  #drained: { readonly pushed: number; readonly resolve: () => void }[] = [];
  #memoryLookMs: number;

  private constructor(options: ModuleHostOptions, { child, toHost, fromHost, output }: HostProcess) {
    this.#options = options;
    this.#child = child;
    this.#memoryLookMs = options.clock.nowMs();
    this.#patience = new Patience(options.clock, (waitedMs) =>
      this.fail({ message: `it stalls: no answer for ${waitedMs / 1000} s`, at: null }),
    );
    this.#writer = new PipeWriter(toHost);
    this.#calls = new CallTable(
      (message) => this.#send(message),
      () => this.#owe(),
    );
    this.#output = new OutputGate({
      clock: options.clock,
      onLine: options.onOutput,
      onFlood: () => this.fail({ message: "it floods its output", at: null }),
    });
    // Nobody may wait for it.
    this.#loaded.promise.catch(() => {});
    const lines = new Lines(
      LINE_LIMIT,
      (line) => this.#take(line),
      () => this.#violation("a line without an end"),
    );
    const saidAll = readPipe(fromHost, (chunk) => lines.push(chunk));
    readPipe(output, (chunk) => this.#output.push(chunk)).then(() => this.#output.end());
    this.#ended = this.#collect(saidAll);
    this.#owe(START_MS);
  }

  /** Throws SysError where it cannot be started. */
  static start(options: ModuleHostOptions): ModuleHost {
    return new ModuleHost(options, startHostProcess(options.command));
  }

  get pid(): number {
    return this.#child.pid;
  }

  /** Done when the module is defined; fails with ENOEXEC if the file is none, or its process failed. */
  async load(path: string, name: string, source: string): Promise<Loaded> {
    this.#path = path;
    this.#send({ op: "load", path, name, source, procRoot: this.#options.procRoot });
    return await this.#loaded.promise;
  }

  push(event: HostEvent): void {
    if (this.#state !== "running") return;
    if (this.#queue.length >= QUEUE_LIMIT) {
      this.fail({ message: `it is too slow: ${QUEUE_LIMIT} events wait for it`, at: null });
      return;
    }
    this.#queue.push(event);
    this.#pushed++;
    // All that comes together goes together.
    if (this.#queue.length === 1 && !this.#isBatchOut) queueMicrotask(() => this.#sendBatch());
  }

  /** Done when all that was pushed up to now has been answered, or the module is over. What comes later is not waited for. */
  drained(): Promise<void> {
    if (this.#state !== "running" || this.#answered === this.#pushed) return Promise.resolve();
    return new Promise((resolve) => this.#drained.push({ pushed: this.#pushed, resolve }));
  }

  attachFailed(id: number, errno: string, message: string): void {
    this.#send({ op: "attachFailed", id, errno, message });
  }

  /** Rejects with the module's own errno, EINVAL (data too large), EBUSY (too many), ECANCELED, EIO (it is over). */
  async call(request: string, data: Json, signal: AbortSignal | undefined): Promise<Json> {
    if (this.#state !== "running") throw paggError("EIO", "the module is not running any more");
    if (JSON.stringify(data).length > DATA_LIMIT) {
      throw paggError("EINVAL", "the data of the request is too large", { hint: `at most ${DATA_LIMIT} bytes` });
    }
    return await this.#calls.call(request, data, signal);
  }

  /** Lets the module detach from all its processes, if it does so in time, and ends it. Done when it is collected. */
  async stop(): Promise<void> {
    if (this.#state === "running") {
      this.#state = "leaving";
      this.#queue = [];
      for (const { resolve } of this.#drained.splice(0)) resolve();
      this.#calls.fail(paggError("EIO", "the module was unloaded"));
      this.#send({ op: "unload" });
      this.#owe();
      await this.#left.promise;
    }
    this.#loaded.reject(paggError("ECANCELED", "the module was unloaded while it was being loaded"));
    this.#end();
    await this.#ended;
  }

  fail(failure: HostFailure): void {
    if (this.#state === "over") return;
    const hasBegun = this.#state === "running";
    const isLeaving = this.#state === "leaving";
    this.#end();
    const { message, at } = failure;
    const error = paggError(hasBegun ? "EIO" : "ENOEXEC", message, {
      target: at ?? this.#path,
      hint: at === null ? null : `see ${at}`,
    });
    this.#calls.fail(error);
    this.#loaded.reject(error);
    if (hasBegun) this.#options.onFailed(failure);
    if (isLeaving) this.#options.onOutput(`did not end in order: ${message}`);
  }

  #end(): void {
    if (this.#state === "over") return;
    this.#state = "over";
    this.#settle();
    this.#queue = [];
    // False: it is gone already.
    this.#child.pidfd.sendSignal(SIGNALS.SIGKILL);
    this.#writer.close();
    for (const { resolve } of this.#drained.splice(0)) resolve();
    this.#left.resolve();
  }

  async #collect(saidAll: Promise<void>): Promise<number> {
    const { pidfd } = this.#child;
    await Promise.race([saidAll, pidfd.exited()]);
    // Whoever has closed his mouth and lives on is no use either.
    pidfd.sendSignal(SIGNALS.SIGKILL);
    await pidfd.exited();
    await Promise.race([saidAll, delay(this.#options.clock, LAST_WORDS_MS)]);
    const status = pidfd.reap() ?? 0;
    this.fail({ message: `its process is gone: ${describeWaitStatus(status)}`, at: null });
    this.#end();
    this.#child[Symbol.dispose]();
    return status;
  }

  #send(message: ToHost): void {
    this.#writer.send(`${JSON.stringify(message)}\n`);
  }

  #sendBatch(): void {
    if (this.#state !== "running" || this.#isBatchOut || this.#queue.length === 0) return;
    const events = this.#queue.length <= BATCH_SIZE ? this.#queue : this.#queue.slice(0, BATCH_SIZE);
    this.#queue = this.#queue.slice(events.length);
    this.#outstanding = events.length;
    this.#isBatchOut = true;
    this.#send({ op: "events", batch: ++this.#batch, events });
    this.#owe();
  }

  #take(line: string): void {
    if (this.#state === "over") return;
    const message = checkMessage(line);
    if (message === null) this.#violation(JSON.stringify(line.slice(0, 60)));
    else if (!this.#understand(message)) this.#violation(`an unexpected "${message.op}"`);
  }

  /** False for what has no place now. */
  #understand(message: FromHost): boolean {
    switch (message.op) {
      case "failed":
        this.fail(message);
        return true;
      case "started":
        if (this.#state !== "starting") return false;
        this.#state = "loading";
        this.#settle();
        this.#owe();
        return true;
      case "loaded":
        if (this.#state !== "loading") return false;
        this.#state = "running";
        this.#settle();
        this.#loaded.resolve(message);
        return true;
      case "bye":
        if (this.#state !== "leaving") return false;
        this.#left.resolve();
        return true;
      case "done":
        return this.#done(message.batch, message);
      default:
        return this.#state === "leaving" || (this.#state === "running" && this.#word(message));
    }
  }

  #done(batch: number, outcome: Outcome): boolean {
    if (this.#state === "leaving") return true;
    if (this.#state !== "running" || !this.#isBatchOut || batch !== this.#batch) return false;
    this.#isBatchOut = false;
    this.#answered += this.#outstanding;
    this.#settle();
    this.#options.onOutcome(outcome);
    this.#lookAtMemory();
    this.#sendBatch();
    while ((this.#drained[0]?.pushed ?? Number.POSITIVE_INFINITY) <= this.#answered) this.#drained.shift()?.resolve();
    return true;
  }

  #word(message: FromHost): boolean {
    switch (message.op) {
      case "touched":
        this.#options.onOutcome(message);
        return true;
      case "attach":
        this.#options.onAttach(message.id, message.pid);
        return true;
      case "took":
        if (!this.#calls.took(message.id)) return false;
        this.#settle();
        return true;
      case "answer":
        return this.#calls.answer(message.id, message.data);
      case "refusal":
        return this.#calls.refuse(message.id, message.errno, message.message);
      default:
        return false;
    }
  }

  #violation(what: string): void {
    this.fail({ message: `it has written to the service's own pipe: ${what}`, at: null });
  }

  #owe(delayMs = this.#options.stallSeconds * 1000): void {
    this.#patience.owe(delayMs);
  }

  /** Something has come; if more is owed, its time begins now, since it has just worked. */
  #settle(): void {
    this.#patience.settle();
    if (this.#state === "running" && (this.#isBatchOut || this.#calls.isOwed)) this.#owe();
  }

  #lookAtMemory(): void {
    const nowMs = this.#options.clock.nowMs();
    if (nowMs - this.#memoryLookMs < MEMORY_LOOK_MS) return;
    this.#memoryLookMs = nowMs;
    const bytes = memoryBytes(this.#child.pid);
    if (bytes > MEMORY_LIMIT)
      this.fail({ message: `it has taken ${Math.round(bytes / 2 ** 20)} MiB of memory`, at: null });
  }
}
