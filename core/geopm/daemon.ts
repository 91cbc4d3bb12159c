/**
 * geopm_daemon_c(3): an endpoint and a policy store, and one step that gives a controller the policy of its agent and profile.
 * For programs that drive it themselves; PolicyServer (policy-server.ts) is the loop around it.
 */
import { Endpoint, type EndpointOptions } from "./endpoint.ts";
import { PolicyStore, type StoreOptions } from "./policy-store.ts";

export interface DaemonOptions extends EndpointOptions {
  readonly store?: Omit<StoreOptions, "agents">;
}

export class PolicyDaemon implements Disposable {
  readonly endpoint: Endpoint;
  readonly store: PolicyStore;

  private constructor(endpoint: Endpoint, store: PolicyStore) {
    this.endpoint = endpoint;
    this.store = store;
  }

  /** The store first, made if it is missing; then the two regions. -14: the store; 17: the endpoint exists. Nothing is left of it. */
  static create(endpointName: string, policyStorePath: string, options: DaemonOptions): PolicyDaemon {
    const endpoint = new Endpoint(endpointName, options);
    const store = new PolicyStore(policyStorePath, { ...options.store, agents: endpoint.agents });
    try {
      endpoint.open();
    } catch (thrown) {
      store.close();
      throw thrown;
    }
    return new PolicyDaemon(endpoint, store);
  }

  /** The regions are removed. Once more does nothing. */
  destroy(): void {
    this.endpoint.close();
    this.store.close();
  }

  [Symbol.dispose](): void {
    this.destroy();
  }

  /**
   * Waits for a controller and writes the policy of its agent and profile; one that is attached gets it at once, again each
   * time. Whether it was written: not if the controller has gone or the wait was stopped. Nothing is written either, and what
   * was there stays, when it throws: -1 timed out, -14 no policy, -3 unknown agent or a policy longer than the agent's.
   */
  async updateEndpointFromPolicystore(timeoutSeconds: number): Promise<boolean> {
    await this.endpoint.waitForAgentAttach(timeoutSeconds);
    return writeBest(this.endpoint, this.store) !== null;
  }

  /** Ends an update that waits, and the waiting of all to come, until `resetWaitLoop`. A controller that is there is served. */
  stopWaitLoop(): void {
    this.endpoint.stopWaitLoop();
  }

  resetWaitLoop(): void {
    this.endpoint.resetWaitLoop();
  }
}

/**
 * The values that were written; null if no controller is attached. Agent and profile are read under one lock, so that the
 * profile is never that of a controller which has gone meanwhile (as it can be with the real library).
 */
export function writeBest(endpoint: Endpoint, store: PolicyStore): readonly number[] | null {
  for (;;) {
    const { agent, profile } = endpoint.inspectSample();
    if (agent === "") return null;
    const values = store.getBest(agent, profile);
    // The endpoint takes as many values as the agent it saw last has: another one, by now, has a policy of its own.
    if (endpoint.agent() !== agent) continue;
    endpoint.writePolicy(values);
    return values;
  }
}
