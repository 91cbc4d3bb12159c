/**
 * The endpoints that the service owns. Controllers must not notice when it ends and begins again: regions are left as they are,
 * and taken over at the next start, by a list in the state directory.
 *
 *     create --> owned --bind--> served by a PolicyServer --unbind--> owned --destroy--> gone
 *                  |                                                    |
 *                  +-----------------------release----------------------+--> left to others
 */
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import { Endpoint, type EndpointOptions } from "#core/geopm/endpoint.ts";
import { geopmError, toGeopmError } from "#core/geopm/errors.ts";
import { PolicyServer } from "#core/geopm/policy-server.ts";
import type { ServerEvent } from "#core/geopm/served-endpoint.ts";

export interface KeptEndpointsOptions {
  readonly endpoint: EndpointOptions;
  readonly stateDirectory: string;
  readonly staleSeconds: () => number;
  readonly onServerEvent: (event: ServerEvent) => void;
  /** What cannot be done for an endpoint of the list. */
  readonly onProblem: (name: string, message: string) => void;
  /** Which there are, or who serves them, has changed. */
  readonly onChange: () => void;
}

interface Kept {
  /** null while a policy server has it. */
  endpoint: Endpoint | null;
  /** Path of the store that it is served from; null: it is only owned. */
  store: string | null;
}

const ListSchema = v.object({
  endpoints: v.array(v.object({ name: v.string(), store: v.nullable(v.string()) })),
});

export class KeptEndpoints {
  readonly #options: KeptEndpointsOptions;
  readonly #kept = new Map<string, Kept>();
  /** By the paths of their stores. */
  readonly #servers = new Map<string, PolicyServer>();
  /** Of the list, and not to be had at this start. */
  readonly #absent = new Map<string, string | null>();

  constructor(options: KeptEndpointsOptions) {
    this.#options = options;
  }

  /** Absolute paths without the suffixes. */
  get names(): readonly string[] {
    return [...this.#kept.keys()];
  }

  has(name: string): boolean {
    return this.#kept.has(name);
  }

  storeOf(name: string): string | null {
    return this.#kept.get(name)?.store ?? null;
  }

  /** Those of the last run. What cannot be had is told, and stays in the list for the next time. */
  restore(): void {
    for (const { name, store } of this.#readList()) {
      try {
        this.#own(name, true);
        if (store !== null) this.#serve(name, store);
      } catch (thrown) {
        this.#absent.set(name, store);
        this.#options.onProblem(name, toGeopmError(thrown, name).message);
      }
    }
  }

  /** 17 when there is one and it is not to be taken over; 16 when another process of muster has it. */
  create(name: string, takesOver: boolean): void {
    const kept = this.#kept.get(name);
    // A policy server sees for itself when its regions go.
    if (kept && takesOver && kept.store !== null) return;
    if (kept && !takesOver && existsSync(kept.endpoint?.place.policyPath ?? "")) {
      throw geopmError(17, `${name} is there already: this service owns it`, { target: name });
    }
    this.#owning(() => this.#own(name, takesOver));
  }

  /** From now on every controller that attaches gets its policy out of the store, which is made if it is missing. */
  bind(name: string, store: string): void {
    this.#owning(() => {
      if (!this.#kept.has(name)) this.#own(name, true);
      this.#serve(name, store);
    });
  }

  async unbind(name: string): Promise<void> {
    const store = this.storeOf(name);
    if (store === null) return;
    await this.#endServing(name, store);
    this.#owning(() => this.#own(name, true));
  }

  /** The regions go with it. */
  async destroy(name: string): Promise<void> {
    const store = this.storeOf(name);
    if (store !== null) await this.#endServing(name, store, "removed");
    this.#kept.get(name)?.endpoint?.close();
    this.#kept.delete(name);
    this.#changed();
  }

  /** The regions stay, without an owner. */
  async release(name: string): Promise<void> {
    const store = this.storeOf(name);
    if (store !== null) await this.#endServing(name, store);
    this.#kept.get(name)?.endpoint?.leave();
    this.#kept.delete(name);
    this.#changed();
  }

  /** Regions stay, for the next start. */
  async close(): Promise<void> {
    for (const { endpoint } of this.#kept.values()) endpoint?.leave();
    await Promise.all([...this.#servers.values()].map((server) => server.close("left")));
    this.#kept.clear();
    this.#servers.clear();
  }

  /** Also when it fails, what is owned may be another. */
  #owning(own: () => void): void {
    try {
      own();
    } finally {
      this.#changed();
    }
  }

  #own(name: string, takesOver: boolean): void {
    this.#kept.get(name)?.endpoint?.leave();
    // Until it is ours again; what cannot be had, damaged as it may be, is nobody's.
    this.#kept.delete(name);
    const endpoint = new Endpoint(name, this.#options.endpoint);
    endpoint.open(takesOver ? "takeOver" : "create");
    this.#kept.set(name, { endpoint, store: null });
  }

  #serve(name: string, store: string): void {
    const server = this.#serverOf(store);
    this.#kept.get(name)?.endpoint?.leave();
    try {
      server.add(name, "takeOver");
    } catch (thrown) {
      this.#own(name, true);
      throw thrown;
    }
    this.#kept.set(name, { endpoint: null, store });
  }

  #serverOf(store: string): PolicyServer {
    let server = this.#servers.get(store);
    if (!server) {
      server = new PolicyServer({
        ...this.#options.endpoint,
        policyStorePath: store,
        staleSeconds: this.#options.staleSeconds(),
        onEvent: (event) => this.#onServerEvent(event),
      });
      this.#servers.set(store, server);
    }
    return server;
  }

  async #endServing(name: string, store: string, regions: "removed" | "left" = "left"): Promise<void> {
    const server = this.#servers.get(store);
    await server?.remove(name, regions);
    if (server?.names.length === 0) {
      this.#servers.delete(store);
      await server.close("left");
    }
  }

  #onServerEvent(event: ServerEvent): void {
    this.#options.onServerEvent(event);
    if (event.type !== "failed") return;
    // Its regions cannot be used: it is nobody's any more.
    this.#kept.delete(event.endpoint);
    this.#changed();
  }

  #changed(): void {
    this.#writeList();
    this.#options.onChange();
  }

  get #listPath(): string {
    return join(this.#options.stateDirectory, "endpoints.json");
  }

  #readList(): v.InferOutput<typeof ListSchema>["endpoints"] {
    if (!existsSync(this.#listPath)) return [];
    try {
      return v.parse(ListSchema, JSON.parse(readFileSync(this.#listPath, "utf8"))).endpoints;
    } catch (thrown) {
      this.#options.onProblem(this.#listPath, `cannot be read: ${thrown instanceof Error ? thrown.message : thrown}`);
      return [];
    }
  }

  /** Replaced as a whole: half a list would be endpoints that nobody takes over. */
  #writeList(): void {
    const kept = [...this.#kept].map(([name, { store }]) => ({ name, store }));
    const absent = [...this.#absent].map(([name, store]) => ({ name, store }));
    const endpoints = [...kept, ...absent.filter(({ name }) => !this.#kept.has(name))];
    try {
      mkdirSync(this.#options.stateDirectory, { recursive: true, mode: 0o700 });
      writeFileSync(`${this.#listPath}.new`, `${JSON.stringify({ endpoints })}\n`, { mode: 0o600 });
      renameSync(`${this.#listPath}.new`, this.#listPath);
    } catch (thrown) {
      this.#options.onProblem(
        this.#listPath,
        `cannot be written: ${thrown instanceof Error ? thrown.message : thrown}`,
      );
    }
  }
}
