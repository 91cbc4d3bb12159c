/**
 * One endpoint under a policy server: what it does with each controller that comes.
 *
 *     waiting --attached--> the policy is written --store changed--> written again if it is another
 *        ^                        |
 *        +--- policy taken back --+-- detached, or another has attached, or died
 *
 * A controller that dies says nothing, but the kernel closes what it had mapped, and that is an event of the file (inotify(7)).
 * Whether it really is gone is told by who has the region mapped. Where nothing tells that, the age of its sample does:
 * it makes the controller stale, never dead, for what lives must not be dismissed.
 */
import type { Endpoint } from "./endpoint.ts";
import { GeopmError, toGeopmError } from "./errors.ts";
import type { PolicyStore } from "./policy-store.ts";
import type { SampleFields } from "./region-fields.ts";
import type { EndpointWaits } from "./waits.ts";

export interface Controller {
  readonly agent: string;
  readonly profile: string;
}

export type ServerEvent = { readonly endpoint: string } & (
  | ({ readonly type: "attached" } & Controller)
  | ({ readonly type: "policyWritten"; readonly values: readonly number[] } & Controller)
  /** No policy, an unknown agent, a store that cannot be read: once for each reason. It is tried again when the store changes. */
  | ({ readonly type: "policyRefused"; readonly error: GeopmError } & Controller)
  | ({ readonly type: "sampleStale"; readonly ageSeconds: number } & Controller)
  | ({ readonly type: "sampleFresh" } & Controller)
  | ({ readonly type: "detached" } & Controller)
  | ({ readonly type: "controllerDied" } & Controller)
  /** The regions cannot be used any more, and it is no longer served; or they cannot be removed, and stay. */
  | { readonly type: "failed"; readonly error: GeopmError }
);

export interface ServedOptions {
  readonly endpoint: Endpoint;
  readonly store: PolicyStore;
  readonly waits: EndpointWaits;
  readonly nowMs: () => number;
  readonly staleSeconds: number;
  readonly onEvent: (event: ServerEvent) => void;
}

type Attachment = Pick<SampleFields, "agent" | "profile" | "hostlistPath"> & {
  readonly sinceMs: number;
};

/** The first look for a silent controller is when it becomes stale, each later one after twice the time, up to this. */
const LONGEST_LOOK_MS = 600_000;

export class ServedEndpoint {
  readonly name: string;
  readonly #options: ServedOptions;
  readonly #stopping = new AbortController();
  #attachment: Attachment | null = null;
  /** null: none for this controller yet. */
  #written: readonly number[] | null = null;
  #lastRefusal: string | null = null;
  #isStale = false;
  #lookAgainMs = 0;
  #lookStepMs = 0;

  constructor(options: ServedOptions) {
    this.name = options.endpoint.place.name;
    this.#options = options;
  }

  /** Whether there is anything to look at from time to time. */
  get isAttached(): boolean {
    return this.#attachment !== null;
  }

  /** Resolves after `stop`, and when it has failed. */
  async run(): Promise<void> {
    const { signal } = this.#stopping;
    const path = this.#options.endpoint.place.samplePath;
    try {
      while (!signal.aborted) {
        const isDone = () => this.#isAnother();
        const isDue = await this.#options.waits.until({ path, isDone, timeoutMs: Number.POSITIVE_INFINITY, signal });
        if (isDue) this.#unlessHeld(() => this.#turn());
      }
    } catch (thrown) {
      this.#attachment = null;
      this.#tell({ type: "failed", error: toGeopmError(thrown, this.name) });
    }
  }

  stop(): void {
    this.#stopping.abort();
  }

  /**
   * Writes the policy if it is another than the last: after the store has changed, and when it could not be read before.
   * False if the store is busy.
   */
  refresh(): boolean {
    const attachment = this.#attachment;
    if (attachment === null) return true;
    const { endpoint, store } = this.#options;
    const { agent, profile } = attachment;
    try {
      const values = store.getBest(agent, profile);
      this.#lastRefusal = null;
      if (this.#written !== null && isSame(values, this.#written)) return true;
      // By now it may be another's endpoint: that one's turn comes.
      if (endpoint.agent() !== agent || endpoint.profile() !== profile) return true;
      endpoint.writePolicy(values);
      this.#written = values;
      this.#tell({ type: "policyWritten", agent, profile, values });
      return true;
    } catch (thrown) {
      const error = toGeopmError(thrown, this.name);
      if (error.message !== this.#lastRefusal) {
        this.#lastRefusal = error.message;
        this.#tell({ type: "policyRefused", agent, profile, error });
      }
      return error.code !== "BUSY";
    }
  }

  /** No controller has the endpoint mapped: the one that was attached is dead, unless it has just detached. */
  dismissDead(): void {
    this.#safely(() => {
      const attachment = this.#attachment;
      if (attachment !== null && this.#options.endpoint.dismiss(attachment)) this.#leave("controllerDied", attachment);
    });
  }

  /** Looks at the age of the sample. True if it should be asked whether the controller lives. */
  check(): boolean {
    let isSuspect = false;
    this.#safely(() => {
      if (this.#attachment !== null) isSuspect = this.#isSilent(this.#attachment);
    });
    return isSuspect;
  }

  #isSilent(attachment: Attachment): boolean {
    const { agent, profile } = attachment;
    const { endpoint, nowMs, staleSeconds } = this.#options;
    const { ageSeconds, count } = endpoint.inspectSample();
    const silentMs = Math.min(nowMs() - attachment.sinceMs, (ageSeconds ?? Number.POSITIVE_INFINITY) * 1000);
    if (silentMs <= staleSeconds * 1000) {
      if (this.#isStale) this.#tell({ type: "sampleFresh", agent, profile });
      this.#isStale = false;
      this.#lookAgainMs = this.#lookStepMs = 0;
      return false;
    }
    // Agents without samples are silent by nature.
    if (!this.#isStale && count > 0) {
      this.#isStale = true;
      this.#tell({ type: "sampleStale", agent, profile, ageSeconds: silentMs / 1000 });
    }
    if (nowMs() < this.#lookAgainMs) return false;
    this.#lookStepMs = Math.min(Math.max(this.#lookStepMs * 2, staleSeconds * 1000), LONGEST_LOOK_MS);
    this.#lookAgainMs = nowMs() + this.#lookStepMs;
    return true;
  }

  /** Whether what stands in the sample is not the controller that is served. */
  #isAnother(): boolean {
    const { endpoint } = this.#options;
    const served = this.#attachment?.agent ?? "";
    // While somebody has the lock nothing can be told.
    let isAnother = false;
    this.#unlessHeld(() => {
      const agent = this.#agentThere();
      isAnother = agent !== served || (served !== "" && endpoint.profile() !== this.#attachment?.profile);
    });
    return isAnother;
  }

  /** One that is not known is one all the same. */
  #agentThere(): string {
    const { endpoint } = this.#options;
    try {
      return endpoint.agent();
    } catch (thrown) {
      if (thrown instanceof GeopmError && thrown.number === -3) return endpoint.inspectSample().agent;
      throw thrown;
    }
  }

  /** From one controller to the next, or to none. */
  #turn(): void {
    const { endpoint, nowMs } = this.#options;
    const { agent, profile, hostlistPath } = endpoint.inspectSample();
    const before = this.#attachment;
    if (before !== null) {
      if (agent === "") endpoint.dismiss({ agent, profile, hostlistPath });
      this.#leave("detached", before);
    }
    if (agent === "") return;
    this.#attachment = { agent, profile, hostlistPath, sinceMs: nowMs() };
    this.#tell({ type: "attached", agent, profile });
    this.refresh();
  }

  #leave(type: "detached" | "controllerDied", { agent, profile }: Attachment): void {
    this.#attachment = null;
    this.#written = null;
    this.#lastRefusal = null;
    this.#isStale = false;
    this.#lookAgainMs = this.#lookStepMs = 0;
    this.#tell({ type, agent, profile });
  }

  /** Whoever has a lock is asked again with the next event, look or check: on a busy machine it may be a while. */
  #unlessHeld(body: () => void): void {
    try {
      body();
    } catch (thrown) {
      if (!isHeld(thrown)) throw thrown;
    }
  }

  #safely(body: () => void): void {
    try {
      this.#unlessHeld(body);
    } catch (thrown) {
      this.#fail(thrown);
    }
  }

  #fail(thrown: unknown): void {
    if (this.#stopping.signal.aborted) return;
    this.stop();
    this.#attachment = null;
    this.#tell({ type: "failed", error: toGeopmError(thrown, this.name) });
  }

  #tell(event: ServerEventBody): void {
    this.#options.onEvent({ endpoint: this.name, ...event });
  }
}

const isHeld = (thrown: unknown): boolean => thrown instanceof GeopmError && thrown.code === "LOCK_HELD";

type WithoutEndpoint<T> = T extends unknown ? Omit<T, "endpoint"> : never;
type ServerEventBody = WithoutEndpoint<ServerEvent>;

/** NaN is what it is. */
const isSame = (a: readonly number[], b: readonly number[]): boolean =>
  a.length === b.length && a.every((value, index) => Object.is(value, b[index]));
