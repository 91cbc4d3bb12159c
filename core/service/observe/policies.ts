/** The observer of policies: what the policy store holds. A store that is not there holds none, and is not made. */

import { existsSync } from "node:fs";
import type { PolicyStore } from "#core/geopm/policy-store.ts";
import { FileWatch } from "#core/keep/file-watch.ts";
import type { Clock } from "#core/model/clock.ts";
import type { Environment } from "#core/model/environment.ts";
import { errorRecord, toMusterError } from "#core/model/error.ts";
import type { GeopmSettings } from "#core/model/geopm-settings.ts";
import type { Policy } from "#core/model/policy.ts";
import type { SourceEvent } from "#core/model/source.ts";
import { policyStorePath } from "../power-host.ts";
import { policyItem } from "./power-items.ts";

export interface PolicyObserverOptions {
  readonly environment: Environment;
  readonly clock: Clock;
  readonly settings: GeopmSettings;
  readonly publish: (...events: readonly SourceEvent[]) => void;
}

/** This process stands still while a writer has the store; the end of his transaction is an event. */
const BUSY_MS = 50;

export class PolicyObserver {
  readonly #options: PolicyObserverOptions;
  #settings: GeopmSettings;
  #store: PolicyStore | null = null;
  #watch: FileWatch | null = null;
  #isFollowing = false;
  #isClosed = false;

  constructor(options: PolicyObserverOptions) {
    this.#options = options;
    this.#settings = options.settings;
  }

  open(follows: boolean): Promise<void> {
    this.#isFollowing = follows;
    return this.read();
  }

  applySettings(settings: GeopmSettings): Promise<void> {
    this.#forget();
    this.#settings = settings;
    return this.read();
  }

  /** Never throws. */
  async read(): Promise<void> {
    if (this.#isClosed) return;
    const { publish } = this.#options;
    if (this.#isFollowing) {
      this.#watch ??= FileWatch.tryOpen(this.#path, this.#options.clock, () => this.read());
    }
    try {
      if (existsSync(this.#path)) await this.#openStore();
      if (this.#isClosed) return;
      publish({ src: "policies", op: "reset", items: this.#items() });
    } catch (thrown) {
      publish({ src: "policies", op: "unavailable", error: errorRecord(toMusterError(thrown), this.#path) });
    }
    if (!this.#isFollowing) this.#forget();
  }

  close(): void {
    this.#isClosed = true;
    this.#forget();
  }

  get #path(): string {
    return policyStorePath(this.#options.environment, this.#settings);
  }

  #items(): Policy[] {
    if (!existsSync(this.#path)) {
      this.#store?.close();
      this.#store = null;
      return [];
    }
    const { node } = this.#options.environment;
    return (this.#store?.list() ?? []).map((listed) => policyItem(node, this.#path, listed));
  }

  /** SQLite is loaded only for a store that is there. */
  async #openStore(): Promise<void> {
    const { PolicyStore } = await import("#core/geopm/policy-store.ts");
    if (!this.#isClosed) this.#store ??= new PolicyStore(this.#path, { mode: "look", busyMs: BUSY_MS });
  }

  #forget(): void {
    this.#watch?.[Symbol.dispose]();
    this.#watch = null;
    this.#store?.close();
    this.#store = null;
  }
}
