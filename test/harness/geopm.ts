/** Endpoints of a test's own: a directory with what stands for /dev/shm, /run/user and /tmp, and both sides on demand. */
import { test } from "bun:test";
import { mkdirSync } from "node:fs";
import { systemClock } from "#app/cli/system-clock.ts";
import { AGENTS, type AgentTable } from "#core/geopm/agents.ts";
import { Endpoint, type EndpointHost, type EndpointOptions } from "#core/geopm/endpoint.ts";
import { type AttachOptions, EndpointUser } from "#core/geopm/endpoint-user.ts";
import { GeopmError } from "#core/geopm/errors.ts";
import { EndpointWaits } from "#core/geopm/waits.ts";
import { findMapHolders } from "#ffi/map-holders.ts";
import { isInitialPidNamespace } from "#ffi/procfs.ts";
import { TemporaryDirectory } from "./directory.ts";

export class GeopmRoom implements Disposable {
  readonly directory = new TemporaryDirectory();
  readonly waits = new EndpointWaits(systemClock);
  readonly host: EndpointHost = {
    uid: 1234,
    cwd: this.directory.file("cwd"),
    shmRoot: this.directory.file("shm"),
    runtimeRoot: this.directory.file("run"),
    procRoot: "/proc",
  };
  /** An absolute path, which means the same to everyone. */
  readonly name = `${this.host.shmRoot}/ep`;
  readonly #open: Disposable[] = [];

  constructor() {
    for (const path of [this.host.cwd, this.host.shmRoot, this.host.runtimeRoot]) mkdirSync(path);
  }

  endpoint(name = this.name, options: Partial<EndpointOptions> = {}): Endpoint {
    const endpoint = new Endpoint(name, { clock: systemClock, host: this.host, waits: this.waits, ...options });
    this.#open.push(endpoint);
    return endpoint;
  }

  /** An endpoint that is open. */
  open(name = this.name, options: Partial<EndpointOptions> = {}): Endpoint {
    const endpoint = this.endpoint(name, options);
    endpoint.open();
    return endpoint;
  }

  async attach(agent: string, options: Partial<AttachOptions> & { name?: string; agents?: AgentTable } = {}) {
    const { name = this.name, agents = AGENTS, ...rest } = options;
    const known = agents.get(agent);
    const user = await EndpointUser.attach(name, {
      clock: systemClock,
      host: this.host,
      agent,
      sizes: { policies: known?.policy.length ?? 0, samples: known?.sample.length ?? 0 },
      profile: "prof",
      hostnames: ["node-b", "node-a"],
      hostlist: { directory: this.directory.path },
      timeoutSeconds: 0,
      ...rest,
    });
    this.#open.push(user);
    return user;
  }

  [Symbol.dispose](): void {
    for (const each of this.#open.reverse()) each[Symbol.dispose]();
    this.directory[Symbol.dispose]();
  }
}

/** What a call was refused with; anything else, or nothing, fails the test. */
export function refusalOf(call: () => unknown): GeopmError {
  try {
    call();
  } catch (thrown) {
    if (thrown instanceof GeopmError) return thrown;
    throw thrown;
  }
  throw new Error("the call was expected to be refused");
}

export async function refusalIn(promise: Promise<unknown>): Promise<GeopmError> {
  const outcome = await promise.then(
    () => new Error("the promise was expected to be rejected"),
    (thrown: unknown) => thrown,
  );
  if (outcome instanceof GeopmError) return outcome;
  throw outcome;
}

/**
 * Who is dead is told by who has the region mapped: only where all processes of the machine are seen, and may be looked into.
 * A user of a machine with daemons of root's may not.
 */
export const seesEveryone =
  isInitialPidNamespace("/proc") && findMapHolders("/proc", new Set(["0:0 0"])).hidden.length === 0;

/** For tests in which a controller is killed. */
export const deathTest = seesEveryone
  ? test
  : (name: string, body: () => void | Promise<void>) =>
      test.skip(`${name} (skipped: other users' processes may not be looked into here)`, body);
