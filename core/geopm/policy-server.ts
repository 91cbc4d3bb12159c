/**
 * The policy daemon for production, `endpoints serve`: as many endpoints as asked for on one policy store, in one process.
 * Controllers get their policy when they attach and whenever the store changes; see served-endpoint.ts. It wakes for events
 * and for the waits' common look; only while a controller is attached also once a second, for the age of its samples.
 */
import { FileWatch } from "#core/keep/file-watch.ts";
import { type Clock, delay } from "#core/model/clock.ts";
import { DirectoryWatch, INOTIFY } from "#ffi/inotify.ts";
import { SysError } from "#ffi/sys-error.ts";
import { Endpoint, type EndpointOptions } from "./endpoint.ts";
import type { OpenMode } from "./endpoint-regions.ts";
import { geopmError, toGeopmError } from "./errors.ts";
import { POLICY_SUFFIX } from "./layout.ts";
import { inspectEndpoints, type ListedEndpoint } from "./listing.ts";
import { PolicyStore } from "./policy-store.ts";
import { ServedEndpoint, type ServerEvent } from "./served-endpoint.ts";

export interface PolicyServerOptions extends EndpointOptions {
  readonly policyStorePath: string;
  /** A sample older than this makes a controller suspect. */
  readonly staleSeconds?: number;
  readonly onEvent: (event: ServerEvent) => void;
}

/** What the library's own demonstration takes for dead. */
const STALE_SECONDS = 10;
const CHECK_MS = 1000;
/** From the first region that a dying process closes to its end; what others close meanwhile is looked at with it. */
const DYING_MS = 10;
/** This process stands still while a writer has the store: the next check tries again. */
const BUSY_MS = 100;

interface Served {
  readonly endpoint: Endpoint;
  readonly serving: ServedEndpoint;
  readonly done: Promise<void>;
}

export class PolicyServer implements AsyncDisposable {
  readonly #options: PolicyServerOptions;
  readonly #clock: Clock;
  readonly #store: PolicyStore;
  readonly #storeWatch: FileWatch | null;
  readonly #served = new Map<string, Served>();
  /** Those among them whose regions are to stay when they are no longer served. */
  readonly #left = new Set<string>();
  #closes: DirectoryWatch | null = null;
  #cancelCheck: (() => void) | null = null;
  readonly #closing = new AbortController();

  /** -14 when the store cannot be opened; it is made if it is missing. */
  constructor(options: PolicyServerOptions) {
    this.#options = options;
    this.#clock = options.clock;
    const agents = options.agents ? { agents: options.agents } : {};
    this.#store = new PolicyStore(options.policyStorePath, { ...agents, busyMs: BUSY_MS });
    this.#storeWatch = FileWatch.tryOpen(this.#store.path, options.clock, () => this.#refresh());
  }

  get names(): readonly string[] {
    return [...this.#served.keys()];
  }

  /** 17 when there is one already and it is not to be taken over; another errno when it cannot be made. */
  add(name: string, mode: Exclude<OpenMode, "join"> = "create"): void {
    if (this.#closing.signal.aborted)
      throw geopmError("RUNTIME", "the policy server is closed", { code: "NOT_ALLOWED_NOW" });
    if (this.#served.has(name)) throw geopmError(17, `the endpoint ${name} is served already`, { target: name });
    const endpoint = new Endpoint(name, this.#options);
    endpoint.open(mode);
    const { staleSeconds = STALE_SECONDS, waits } = this.#options;
    const serving = new ServedEndpoint({
      endpoint,
      store: this.#store,
      waits,
      nowMs: () => this.#clock.nowMs(),
      staleSeconds,
      onEvent: (event) => this.#onEvent(event),
    });
    this.#watchCloses(endpoint.place.samplePath);
    const done = serving.run().then(() => this.#release(name));
    this.#served.set(name, { endpoint, serving, done });
    // The controller of an endpoint that was left behind may be as dead as its owner.
    if (mode === "takeOver") this.#suspect(new Set([endpoint.place.samplePath]));
  }

  /** Its regions go with it, unless they are to stay for whoever takes them over. */
  async remove(name: string, regions: "removed" | "left" = "removed"): Promise<void> {
    const served = this.#served.get(name);
    if (regions === "left") this.#left.add(name);
    served?.serving.stop();
    await served?.done;
    this.#left.delete(name);
  }

  async close(regions: "removed" | "left" = "removed"): Promise<void> {
    this.#closing.abort();
    await Promise.all(this.names.map((name) => this.remove(name, regions)));
    this.#cancelCheck?.();
    this.#storeWatch?.[Symbol.dispose]();
    this.#closes?.close();
    this.#closes = null;
    this.#store.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #release(name: string): void {
    const served = this.#served.get(name);
    if (!served) return;
    this.#served.delete(name);
    this.#closes?.remove(served.endpoint.place.samplePath);
    try {
      if (this.#left.has(name)) served.endpoint.leave();
      else served.endpoint.close();
    } catch (thrown) {
      // Of one that has failed by itself nobody waits for the end.
      this.#onEvent({ endpoint: name, type: "failed", error: toGeopmError(thrown, name) });
    }
  }

  #onEvent(event: ServerEvent): void {
    if (event.type === "attached") this.#scheduleCheck();
    this.#options.onEvent(event);
  }

  /** A store that is busy for one is busy for all, and waiting for it takes time: the next check goes on. */
  #refresh(): void {
    for (const { serving } of this.#served.values()) if (!serving.refresh()) return;
  }

  #scheduleCheck(): void {
    this.#cancelCheck ??= this.#clock.setTimer(CHECK_MS, () => {
      this.#cancelCheck = null;
      this.#check();
    });
  }

  /** The store too: it may be on a file system that tells nobody, or have been busy. */
  #check(): void {
    this.#dismissDead([...this.#served.values()].filter(({ serving }) => serving.check()));
    this.#refresh();
    if ([...this.#served.values()].some(({ serving }) => serving.isAttached)) this.#scheduleCheck();
  }

  /** Without inotify the ages of the samples are all there is. */
  #watchCloses(path: string): void {
    try {
      this.#closes ??= new DirectoryWatch(
        (events) => this.#suspect(new Set(events.map((event) => event.directory))),
        () => this.#suspect(null),
      );
      this.#closes.add(path, INOTIFY.CLOSE_WRITE);
    } catch (thrown) {
      if (!(thrown instanceof SysError)) throw thrown;
    }
  }

  /** `paths` null: events were lost. */
  async #suspect(paths: ReadonlySet<string> | null): Promise<void> {
    await delay(this.#clock, DYING_MS, this.#closing.signal);
    const isSuspect = ({ endpoint }: Served) => paths === null || paths.has(endpoint.place.samplePath);
    this.#dismissDead([...this.#served.values()].filter(isSuspect));
  }

  /** One walk through the processes for all; that takes some milliseconds, more on a crowded machine. */
  #dismissDead(suspects: readonly Served[]): void {
    const attached = suspects.filter(({ serving }) => serving.isAttached);
    if (attached.length === 0) return;
    const nameOf = ({ endpoint }: Served) => endpoint.place.policyPath.slice(0, -POLICY_SUFFIX.length);
    const found = this.#inspect(attached.map(nameOf));
    const dead = found.filter(({ problem, state }) => problem === null && state.isControlled === false);
    const names = new Set(dead.map(({ name }) => name));
    for (const served of attached) if (names.has(nameOf(served))) served.serving.dismissDead();
  }

  #inspect(names: readonly string[]): readonly ListedEndpoint[] {
    try {
      return inspectEndpoints(names, { ...this.#options.host, directories: [] });
    } catch (thrown) {
      // /proc is not to be had: then who lives cannot be told, and counts as living.
      if (thrown instanceof SysError) return [];
      throw thrown;
    }
  }
}
