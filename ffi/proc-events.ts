/**
 * Every fork, exec and exit on the machine, from the kernel's proc connector.
 *
 *     kernel -> filter (types, no threads) -> socket, 16 MB -> pump -> 4 ms -> all that is there -> one batch
 *
 * Collecting for a few milliseconds makes a storm of forks cost one wake-up for hundreds of events. Events of one
 * process come in order; between processes there is none: a parent's exit may be told before that of a child it has
 * already collected. An exit is that of the first thread, which other threads of the process may outlive. A fork is
 * queued before it returns to anybody, so whoever calls drain() knows every process there is at that moment.
 */
import { type Connector, closeConnector, openConnector, receiveMessage } from "./connector.ts";
import { ERRNO } from "./errno-names.ts";
import type { Fd } from "./fd.ts";
import { kernelBytes, MAXIMUM_INT, viewOf } from "./memory.ts";
import {
  type ConnectorMessage,
  EVENT_BITS,
  type ProcessEvent,
  type ProcessEventType,
  parseConnectorMessage,
} from "./process-event.ts";
import { EPOLL, type Watch, watchFd } from "./pump.ts";
import { checkInteger, SysError } from "./sys-error.ts";

export type { ProcessEvent, ProcessEventType } from "./process-event.ts";

export interface ProcessEventsOptions {
  readonly events: readonly ProcessEventType[];
  readonly onEvents: (batch: readonly ProcessEvent[]) => void;
  /** Start and end of threads too, so that those of a process may be counted. */
  readonly threads?: boolean;
  /**
   * Events were lost, between those delivered before and after: the caller must look again for itself. The reader
   * goes on. (The kernel reports every overrun of the buffer with ENOBUFS. Its sequence numbers cannot tell more:
   * they count filtered events too.)
   */
  readonly onLoss: () => void;
  /** How long to collect after the first event; 4 by default. */
  readonly coalesceMs?: number;
  /** Only in a storm: what comes one by one is told at once. */
  readonly isEager?: boolean;
  /** Wanted size of the receive buffer; 16 MB by default, without privilege cut to net.core.rmem_max. */
  readonly bufferBytes?: number;
}

const COALESCE_MS = 4;
const BUFFER_BYTES = 16 << 20;
const LARGEST_BUFFER = 1 << 30;
const REOPEN_MS = 1000;
const MESSAGE_ROOM = 4096;
/** Events in a batch that call for collecting. */
const STORM = 32;
/** Others get their turn of the loop between batches. */
const LARGEST_BATCH = 8192;

export class ProcessEvents implements Disposable {
  readonly #options: ProcessEventsOptions;
  readonly #buffer = kernelBytes(MESSAGE_ROOM);
  readonly #view = viewOf(this.#buffer);
  #socket: Fd;
  #watch: Watch;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isBufferForced: boolean;
  #isClosed = false;
  #isDelivering = false;
  #lastBatch = 0;

  private constructor(options: ProcessEventsOptions) {
    this.#options = options;
    const { socket, isBufferForced } = this.#openConnector();
    this.#socket = socket;
    this.#isBufferForced = isBufferForced;
    this.#watch = this.#listen();
  }

  /** Throws SysError EPERM or EOPNOTSUPP where events are not to be had. While open, the process stays alive. */
  static open(options: ProcessEventsOptions): ProcessEvents {
    checkInteger(options.coalesceMs ?? COALESCE_MS, 0, MAXIMUM_INT, "proc connector", "coalesceMs");
    checkInteger(options.bufferBytes ?? BUFFER_BYTES, 1, LARGEST_BUFFER, "proc connector", "bufferBytes");
    const unknown = options.events.filter((type) => !Object.hasOwn(EVENT_BITS, type));
    if (options.events.length === 0 || unknown.length > 0) {
      throw new SysError(ERRNO.EINVAL, "proc connector", `events ${options.events}`);
    }
    return new ProcessEvents(options);
  }

  /** False when only an ordinary receive buffer was granted: then storms lose events sooner. */
  get isBufferForced(): boolean {
    return this.#isBufferForced;
  }

  /**
   * Delivers, before it returns, every event the kernel has queued. Within a callback it does nothing: what comes
   * later is not delivered before what is being delivered.
   */
  drain(): void {
    if (this.#isDelivering) return;
    for (let isMore = true; isMore && !this.#isClosed; ) isMore = this.#readBatch() === 0;
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    clearTimeout(this.#timer);
    this.#watch[Symbol.dispose]();
    closeConnector(this.#socket);
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /** One shot: nothing more wakes us until what has come meanwhile is read. */
  #listen(): Watch {
    return watchFd(this.#socket, EPOLL.IN | EPOLL.ONESHOT, () =>
      this.#readAfter(this.#isQuiet ? 0 : this.#options.coalesceMs),
    );
  }

  get #isQuiet(): boolean {
    return this.#options.isEager === true && this.#lastBatch < STORM;
  }

  #readAfter(delayMs: number = COALESCE_MS): void {
    if (delayMs === 0 && this.#isQuiet) {
      this.#read();
      return;
    }
    this.#timer = setTimeout(() => this.#read(), delayMs);
  }

  #read(): void {
    const failure = this.#readBatch();
    if (this.#isClosed) return;
    if (failure === 0) this.#readAfter(0);
    else if (failure === ERRNO.EAGAIN) this.#watch.rearm();
    else this.#reopen();
  }

  /** Reads and delivers; what the last read failed with, 0 if there is more to come. */
  #readBatch(): number {
    const batch: ProcessEvent[] = [];
    let isLossy = false;
    let failure = 0;
    while (batch.length < LARGEST_BATCH) {
      const length = receiveMessage(this.#socket, this.#buffer);
      if (length === -ERRNO.ENOBUFS) isLossy = true;
      else if (length < 0) {
        failure = -length;
        break;
      }
      const message = parseConnectorMessage(this.#view, length);
      if (message !== null && this.#isWanted(message)) batch.push(message);
    }
    this.#lastBatch = batch.length;
    const isBroken = failure !== 0 && failure !== ERRNO.EAGAIN;
    this.#isDelivering = true;
    try {
      if (batch.length > 0) this.#options.onEvents(batch);
      if ((isLossy || isBroken) && !this.#isClosed) this.#options.onLoss();
    } catch (error) {
      // A failing callback is its owner's uncaught exception; the reader goes on.
      queueMicrotask(() => {
        throw error;
      });
    } finally {
      this.#isDelivering = false;
    }
    return failure;
  }

  /** The kernel's filter is set a moment after the socket is bound: what comes between is of any type. */
  #isWanted(message: ConnectorMessage): message is ProcessEvent {
    const { events, threads = false } = this.#options;
    switch (message.type) {
      case "acknowledgement":
        return false;
      case "threadStart":
        return threads && events.includes("fork");
      case "threadExit":
        return threads && events.includes("exit");
      default:
        return events.includes(message.type);
    }
  }

  #openConnector(): Connector {
    const { events, bufferBytes = BUFFER_BYTES, threads = false } = this.#options;
    return openConnector(events, bufferBytes, threads);
  }

  /** The socket itself failed: another one takes its place, as soon as there can be one. */
  #reopen(): void {
    try {
      const fresh = this.#openConnector();
      this.#watch[Symbol.dispose]();
      this.#socket.close();
      this.#socket = fresh.socket;
      this.#isBufferForced = fresh.isBufferForced;
      this.#watch = this.#listen();
    } catch (error) {
      if (!(error instanceof SysError)) throw error;
      // Out of descriptors or memory; the next read fails like the last one and comes here again.
      this.#readAfter(REOPEN_MS);
    }
  }
}
