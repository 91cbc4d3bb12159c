/**
 * The service over the socket. Its snapshots are folded here from the same source events, so nobody can tell it from the
 * one in process; while the connection is lost they stay as they were, marked stale, with the reason.
 *
 *     Wire -> change -> Publisher -> reduce -> frozen Snapshot -> subscribers
 */
import type { ActionProgress, ActionReport, ActionRequest } from "#core/act/request.ts";
import { type Clock, delay } from "#core/model/clock.ts";
import { errorRecord, MusterError, toMusterError } from "#core/model/error.ts";
import type { JobReport } from "#core/model/job.ts";
import type { Kind } from "#core/model/kind-names.ts";
import type { SourceEvent } from "#core/model/source.ts";
import { Publisher } from "../publisher.ts";
import type { InvokeOptions, Service } from "../service.ts";
import { eventsOfLoss, eventsOfSnapshot, isLoading, onOurClock } from "./arrivals.ts";
import type { Notification, Result } from "./protocol.ts";
import { readOnlyReport, unknownReport, unsentReport } from "./reports.ts";
import { lost, Wire } from "./wire.ts";

export interface RemoteServiceOptions {
  readonly path: string;
  readonly clock: Clock;
  readonly trustedUids: readonly number[];
  /** Only these are asked for. */
  readonly kinds: readonly Kind[];
  /** once: resolves with everything there, and does not come back when lost; watch: at once, and does. */
  readonly mode: "once" | "watch";
  /** Nothing is changed through this one, whatever the service itself would allow. */
  readonly isReadOnly: boolean;
}

export type ServiceInfo = Result<"hello">;

export interface RemoteService extends Service {
  readonly info: ServiceInfo;
}

const HELLO_MS = 1000;
/** How long a command waits for a service that is still reading. */
const LOADING_MS = 5000;
const BACKOFF_MS = [100, 200, 500, 1000, 2000, 5000] as const;

const TRIED_AGAIN = "it is tried again every few seconds; 'muster serve' starts it";

/** Throws UNREACHABLE, TIMED_OUT, PERMISSION_DENIED. */
export async function openRemoteService(options: RemoteServiceOptions): Promise<RemoteService> {
  const link = await Link.open(options);
  if (options.mode === "once") await link.readAnew();
  const { publisher, info } = link;
  return {
    info,
    node: info.node,
    get isReadOnly() {
      return options.isReadOnly || link.isReadOnly;
    },
    snapshot: () => publisher.snapshot(),
    subscribe: (kinds, listener) => publisher.subscribe(kinds, listener),
    invoke: (request, invoke = {}) => link.invoke(request, invoke),
    events: async (query) => link.wire().request("events", { query }),
    processes: async (query) => link.wire().request("processes", { query }),
    reports: async (query) => (await link.wire().request("reports", { query })) as readonly JobReport[],
    attend: (ids) => link.attend(ids),
    refresh: async () => {
      await link.tryNow();
      await link.wire().request("refresh", {});
    },
    close: async () => link.close(),
  };
}

/** `change` and `gap` */
interface News {
  readonly subscription: number;
  readonly seq?: number;
  readonly events?: readonly SourceEvent[];
}

class Link {
  readonly #options: RemoteServiceOptions;
  readonly #progress = new Map<string, (progress: ActionProgress) => void>();
  readonly #settled = Promise.withResolvers<void>();
  readonly #end = new AbortController();
  #wire: Wire | null = null;
  /** While the connection is lost: ends the pause before the next attempt. */
  #hurry = new AbortController();
  /** Resolves after the attempt, whatever came of it. */
  #attempt = Promise.withResolvers<void>();
  /** Until the first subscription of a connection stands. */
  #isConnecting = false;
  #publisher: Publisher | null = null;
  #info: ServiceInfo | null = null;
  /** What the service said of itself last. */
  isReadOnly = false;
  /** null: asked for, and its number is not known yet. */
  #subscription: number | null = null;
  /** What came meanwhile. */
  #early: News[] = [];
  #seq = 0;
  /** Our monotonic clock less the service's. */
  #aheadMs = 0;
  #attended: readonly string[] = [];

  private constructor(options: RemoteServiceOptions) {
    this.#options = options;
  }

  static async open(options: RemoteServiceOptions): Promise<Link> {
    const link = new Link(options);
    await link.#connect();
    return link;
  }

  get publisher(): Publisher {
    if (!this.#publisher) throw lost(this.#options.path);
    return this.#publisher;
  }

  get info(): ServiceInfo {
    if (!this.#info) throw lost(this.#options.path);
    return this.#info;
  }

  /** Throws UNREACHABLE while there is none. */
  wire(): Wire {
    if (!this.#wire) throw this.#lost();
    return this.#wire;
  }

  /** Whoever asks for it does not wait for the end of a pause. */
  async tryNow(): Promise<void> {
    if (this.#wire || this.#options.mode !== "watch" || this.#end.signal.aborted) return;
    const attempt = this.#attempt.promise;
    this.#hurry.abort();
    await attempt;
  }

  /**
   * Resolves when all kinds have been read, or when that takes too long. What a script did a moment ago must show:
   * the service is made to look at pid files again, of which it learns a little later by itself, at the samples of endpoints,
   * of which nothing tells, and at all attached processes, of which many at once are told bit by bit.
   */
  async readAnew(): Promise<void> {
    const isBehind = (["daemons", "endpoints", "attachments"] as const).some((kind) =>
      this.#options.kinds.includes(kind),
    );
    if (isBehind) await this.wire().request("refresh", {});
    const patience = new AbortController();
    await Promise.race([this.#settled.promise, delay(this.#options.clock, LOADING_MS, patience.signal)]);
    patience.abort();
  }

  async invoke(request: ActionRequest, { onProgress, signal }: InvokeOptions): Promise<ActionReport> {
    const refused = this.#options.isReadOnly ? readOnlyReport(request) : null;
    if (refused) return refused;
    const wire = this.#wire;
    if (!wire) return unsentReport(request, this.#lost());
    const { requestId } = request;
    const cancel = () => wire.tell("cancel", { requestId });
    if (onProgress) this.#progress.set(requestId, onProgress);
    signal?.addEventListener("abort", cancel, { once: true });
    try {
      const report = wire.request("invoke", { request });
      if (signal?.aborted) cancel();
      return (await report) as ActionReport;
    } catch (thrown) {
      if (thrown instanceof MusterError && thrown.code === "UNREACHABLE") return unknownReport(request, thrown);
      throw thrown;
    } finally {
      signal?.removeEventListener("abort", cancel);
      this.#progress.delete(requestId);
    }
  }

  attend(ids: readonly string[]): void {
    this.#attended = ids;
    this.#wire?.tell("attend", { ids });
  }

  close(): void {
    this.#end.abort();
    this.#attempt.resolve();
    this.#wire?.close();
    this.#wire = null;
    this.#publisher?.close();
  }

  async #connect(): Promise<void> {
    const { path, clock, trustedUids } = this.#options;
    const wire = await Wire.connect({
      path,
      clock,
      trustedUids,
      onNotification: (method, params) => this.#take(method, params),
      onLost: () => this.#lose(),
    });
    this.#isConnecting = true;
    try {
      const info = await wire.request("hello", {}, HELLO_MS);
      if (this.#end.signal.aborted) throw lost(path);
      this.#info ??= info;
      this.isReadOnly = info.isReadOnly;
      this.#publisher ??= new Publisher(info.node, clock);
      this.#wire = wire;
      await this.#subscribe(wire);
    } catch (thrown) {
      this.#wire = null;
      wire.close();
      throw thrown;
    } finally {
      this.#isConnecting = false;
    }
    if (!wire.isOpen) this.#lose();
    if (this.#attended.length > 0) wire.tell("attend", { ids: this.#attended });
  }

  async #subscribe(wire: Wire): Promise<void> {
    const { kinds, clock } = this.#options;
    this.#subscription = null;
    const { subscription, snapshot } = await wire.request("subscribe", { kinds });
    this.#subscription = subscription;
    this.#seq = 0;
    this.#aheadMs = clock.nowMs() - snapshot.nowMs;
    this.#fold(eventsOfSnapshot(snapshot, this.#aheadMs));
    if (!isLoading(snapshot)) this.#settled.resolve();
    const early = this.#early;
    this.#early = [];
    for (const news of early) this.#takeNews(news);
  }

  #take(method: Notification, params: unknown): void {
    if (method === "progress") {
      const { requestId, progress } = params as { requestId: string; progress: ActionProgress };
      this.#progress.get(requestId)?.(progress);
      return;
    }
    if (method === "mode") {
      this.isReadOnly = (params as { isReadOnly: boolean }).isReadOnly;
      return;
    }
    const news = params as News;
    if (this.#subscription === null) this.#early.push(news);
    else this.#takeNews(news);
  }

  /** A gap comes without events. What is of an earlier subscription is nobody's. */
  #takeNews({ subscription, seq, events }: News): void {
    if (subscription !== this.#subscription) return;
    if (events === undefined || seq !== this.#seq + 1) {
      this.#startOver();
      return;
    }
    this.#seq = seq;
    this.#fold(events.map((event) => onOurClock(event, this.#aheadMs)));
  }

  /** Something is missing: everything is asked for again. */
  #startOver(): void {
    const wire = this.#wire;
    if (!wire) return;
    wire.tell("unsubscribe", { subscription: this.#subscription });
    // If it cannot be had the connection is lost, and that has its own way.
    this.#subscribe(wire).catch(() => {});
  }

  #fold(events: readonly SourceEvent[]): void {
    const { publisher } = this;
    publisher.publish(...events);
    publisher.flush();
    const { shelves } = publisher.snapshot();
    if (this.#options.kinds.every((kind) => shelves[kind].status !== "loading")) this.#settled.resolve();
  }

  #lose(): void {
    // Lost before the first subscription stood: whoever connected is told.
    if (!this.#wire || this.#isConnecting || this.#end.signal.aborted) return;
    this.#wire = null;
    const { kinds, clock, mode } = this.#options;
    this.#fold(eventsOfLoss(kinds, errorRecord(this.#lost()), clock.nowMs()));
    this.#settled.resolve();
    if (mode === "watch") void this.#comeBack();
  }

  async #comeBack(): Promise<void> {
    const { clock, kinds } = this.#options;
    for (let attempt = 0; !this.#end.signal.aborted; attempt++) {
      const pauseMs = BACKOFF_MS[Math.min(attempt, BACKOFF_MS.length - 1)] ?? 0;
      await delay(clock, pauseMs, AbortSignal.any([this.#end.signal, this.#hurry.signal]));
      if (this.#end.signal.aborted) return;
      try {
        await this.#connect();
        return;
      } catch (thrown) {
        const error = { ...errorRecord(toMusterError(thrown)), hint: TRIED_AGAIN };
        if (attempt === 0) this.#fold(kinds.map((src): SourceEvent => ({ src, op: "unavailable", error })));
      } finally {
        this.#attempt.resolve();
        this.#hurry = new AbortController();
        this.#attempt = Promise.withResolvers();
      }
    }
  }

  #lost(): MusterError {
    const { path, mode } = this.#options;
    return lost(path, mode === "watch" ? TRIED_AGAIN : null);
  }
}
