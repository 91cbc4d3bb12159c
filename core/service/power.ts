/** GEOPM in the service: who looks at endpoints and policies, and what the service owns of them itself. */
import { AGENTS } from "#core/geopm/agents.ts";
import type { EndpointOptions } from "#core/geopm/endpoint.ts";
import { EndpointWaits } from "#core/geopm/waits.ts";
import type { Clock } from "#core/model/clock.ts";
import type { Environment } from "#core/model/environment.ts";
import type { GeopmSettings } from "#core/model/geopm-settings.ts";
import type { SourceEvent } from "#core/model/source.ts";
import type { PowerContext } from "./handle/power-order.ts";
import type { KeptEndpoints } from "./kept-endpoints.ts";
import { PolicyObserver } from "./observe/policies.ts";
import { PowerObserver } from "./observe/power.ts";
import { lockRecovered, type PowerEvent, serverEvent } from "./observe/power-events.ts";
import { policyStorePath, powerHost } from "./power-host.ts";
import { endpointId } from "./power-id.ts";

export interface PowerOptions {
  readonly environment: Environment;
  readonly clock: Clock;
  readonly settings: GeopmSettings;
  /** This process lasts: endpoints can belong to it. */
  readonly keeps: boolean;
  readonly publish: (...events: readonly SourceEvent[]) => void;
  readonly record: (events: readonly PowerEvent[]) => void;
}

export class Power {
  readonly #options: PowerOptions;
  readonly #endpoint: EndpointOptions;
  readonly #waits: EndpointWaits;
  #kept: KeptEndpoints | null = null;
  readonly #endpoints: PowerObserver;
  readonly #policies: PolicyObserver;
  #settings: GeopmSettings;
  #isClosed = false;

  constructor(options: PowerOptions) {
    const { environment, clock, settings, publish, record } = options;
    const { node } = environment;
    this.#options = options;
    this.#settings = settings;
    this.#waits = new EndpointWaits(clock);
    this.#endpoint = {
      clock,
      host: powerHost(environment),
      waits: this.#waits,
      agents: AGENTS,
      onLockRecovered: (event) => record([lockRecovered(node, event)]),
    };
    this.#endpoints = new PowerObserver({
      environment,
      clock,
      settings,
      keptNames: () => this.#kept?.names ?? [],
      storeOf: (name) => this.#kept?.storeOf(name) ?? null,
      publish,
      record: this.#isKeeper ? record : null,
    });
    this.#policies = new PolicyObserver({ environment, clock, settings, publish });
  }

  /** What actions act on. */
  get context(): PowerContext {
    const { environment, record } = this.#options;
    return {
      node: environment.node,
      endpoint: this.#endpoint,
      waits: this.#waits,
      kept: this.#kept,
      storePath: policyStorePath(environment, this.#settings),
      isInListed: (name) => this.#endpoints.isInListed(name),
      read: (name) => this.#endpoints.read(name),
      record: (event) => record([event]),
    };
  }

  /** Never throws: what cannot be had is told on its shelf. */
  async open(follows: boolean): Promise<void> {
    if (this.#isKeeper) await this.#keep();
    this.#endpoints.open(follows);
    await this.#policies.open(follows);
  }

  async applySettings(settings: GeopmSettings): Promise<void> {
    this.#settings = settings;
    this.#endpoints.applySettings(settings);
    await this.#policies.applySettings(settings);
  }

  attend(ids: readonly string[]): void {
    this.#endpoints.attend(ids);
  }

  async refresh(): Promise<void> {
    this.#endpoints.lookNow();
    await this.#policies.read();
  }

  /** Endpoints are left as they are: controllers need not notice. */
  async close(): Promise<void> {
    this.#endpoints.close();
    this.#policies.close();
    this.#isClosed = true;
    await this.#kept?.close();
  }

  get #isKeeper(): boolean {
    return this.#options.keeps && this.#options.environment.root === "";
  }

  async #keep(): Promise<void> {
    const { environment, record } = this.#options;
    const { node, stateDirectory } = environment;
    const { KeptEndpoints } = await import("./kept-endpoints.ts");
    if (this.#isClosed) return;
    this.#kept = new KeptEndpoints({
      endpoint: this.#endpoint,
      stateDirectory,
      staleSeconds: () => this.#settings.staleSeconds,
      onServerEvent: (event) => {
        record([serverEvent(node, event)]);
        this.#endpoints.lookSoon();
      },
      onProblem: (name, message) => {
        record([{ severity: "warn", code: "SOURCE_FAILED", target: endpointId(node, name), message }]);
      },
      onChange: () => this.#endpoints.lookSoon(),
    });
    this.#kept.restore();
  }
}
