/** The controller's side of an endpoint: it attaches, reads policies, writes samples and detaches. */
import { randomBytes } from "node:crypto";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Clock, delay } from "#core/model/clock.ts";
import type { AgentSizes, EndpointHost } from "./endpoint.ts";
import { GeopmError, geopmError, toGeopmError } from "./errors.ts";
import { formatHostlist } from "./hostlist.ts";
import { AGENT, HOSTLIST_PATH, type Layout, POLICY, PROFILE, SAMPLE, type TextPlace } from "./layout.ts";
import { resolveEndpoint } from "./names.ts";
import { type LockRecovered, Region, type RegionOptions } from "./region.ts";
import { plainValues } from "./region-fields.ts";

export interface AttachOptions {
  readonly clock: Clock;
  readonly host: EndpointHost;
  readonly agent: string;
  readonly sizes: AgentSizes;
  readonly profile: string;
  readonly hostnames: readonly string[];
  /** The host list is made there, or is this file. */
  readonly hostlist: { readonly directory: string } | { readonly path: string };
  /** How long the regions may take to appear; 0: they must be there. */
  readonly timeoutSeconds: number;
  /** `seed`: as GEOPM before 3.0, which leaves the values of the controller before. */
  readonly manner?: "current" | "seed";
  /** Where names lead that depend on it. */
  readonly layout?: Layout["name"];
  readonly onLockRecovered?: (event: LockRecovered) => void;
}

export interface Policy {
  /** As many as asked for, NaN where the owner wrote none. */
  readonly values: Float64Array;
  /** Since the start of the machine, when none was ever written. */
  readonly ageSeconds: number;
}

/** Not there, or not open to others yet. */
const NOT_YET: ReadonlySet<number> = new Set([2, 13]);

const FIRST_LOOK_MS = 1;
const LONGEST_LOOK_MS = 50;

export class EndpointUser implements Disposable {
  readonly hostlistPath: string;
  readonly #sizes: AgentSizes;
  readonly #policy: Region;
  readonly #sample: Region;
  #isAttached = true;

  private constructor(policy: Region, sample: Region, options: AttachOptions) {
    this.#policy = policy;
    this.#sample = sample;
    this.#sizes = options.sizes;
    this.hostlistPath = writeHostlist(options);
    try {
      this.#enterNames(options);
    } catch (thrown) {
      rmSync(this.hostlistPath, { force: true });
      throw thrown;
    }
  }

  /** -3 when a text is too long; the errno when the regions are not there in time. */
  static async attach(name: string, options: AttachOptions): Promise<EndpointUser> {
    checkText("agent", options.agent, AGENT);
    checkText("profile", options.profile, PROFILE);
    if (options.agent === "") throw geopmError(-3, "a controller without an agent cannot attach");
    const { policyPath, samplePath } = resolveEndpoint(name, options.host, options.layout);
    const { clock, host, onLockRecovered = () => {} } = options;
    const regionOptions = { procRoot: host.procRoot, nowMs: () => clock.nowMs(), onLockRecovered };
    const deadlineMs = clock.nowMs() + options.timeoutSeconds * 1000;
    const opened: Region[] = [];
    try {
      const policy = await attachRegion(policyPath, regionOptions, clock, deadlineMs);
      opened.push(policy);
      const sample = await attachRegion(samplePath, regionOptions, clock, deadlineMs);
      opened.push(sample);
      return new EndpointUser(policy, sample, options);
    } catch (thrown) {
      for (const region of opened) region.close();
      throw toGeopmError(thrown, name);
    }
  }

  readPolicy(): Policy {
    const values = new Float64Array(this.#sizes.policies);
    const ageSeconds = this.readPolicyInto(values);
    return { values, ageSeconds };
  }

  /** The age in seconds. -3 when more values stand there than there is room for. */
  readPolicyInto(values: Float64Array): number {
    const policy = this.#policy;
    this.#check();
    policy.enter();
    const count = policy.count(POLICY);
    const fits = count <= values.length && count <= POLICY.capacity;
    if (fits) {
      policy.load(POLICY, values);
      values.fill(Number.NaN, count);
    }
    const ageSeconds = policy.age();
    policy.leave();
    if (!fits) throw geopmError(-3, `the policy has ${count} values where there is room for ${values.length}`);
    return ageSeconds;
  }

  /** -3 unless there is one value for each of the agent's. */
  writeSample(written: ArrayLike<number>): void {
    const values = plainValues(written);
    const sample = this.#sample;
    this.#check();
    const { samples } = this.#sizes;
    if (values.length !== samples || samples > SAMPLE.capacity) {
      throw geopmError(-3, `the sample has ${values.length} values where the agent has ${samples}`);
    }
    sample.enter();
    sample.setCount(SAMPLE, samples);
    sample.store(SAMPLE, values);
    sample.stamp();
    sample.leave();
  }

  /** Nothing the second time. The host list goes with it. */
  detach(): void {
    if (!this.#isAttached) return;
    this.#isAttached = false;
    const sample = this.#sample;
    try {
      sample.enter();
      for (const place of [AGENT, PROFILE, HOSTLIST_PATH]) sample.clearText(place);
      sample.leave();
    } finally {
      rmSync(this.hostlistPath, { force: true });
      this.#policy.close();
      sample.close();
    }
  }

  [Symbol.dispose](): void {
    this.detach();
  }

  #enterNames({ agent, profile, manner = "current" }: AttachOptions): void {
    const sample = this.#sample;
    const [agentBytes, profileBytes] = [encode(agent), encode(profile)];
    const pathBytes = encode(this.hostlistPath);
    const nothing = new Float64Array(this.#sizes.samples).fill(Number.NaN);
    sample.enter();
    if (manner === "current") {
      sample.setCount(SAMPLE, nothing.length);
      sample.store(SAMPLE, nothing);
      sample.stamp();
    }
    sample.putBytes(PROFILE, profileBytes);
    sample.putBytes(HOSTLIST_PATH, pathBytes);
    // Last: whoever looks without the lock finds the rest in place.
    sample.putBytes(AGENT, agentBytes);
    sample.leave();
  }

  #check(): void {
    if (!this.#isAttached) throw geopmError(-1, "the controller has detached", { code: "NOT_ALLOWED_NOW" });
  }
}

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);

function checkText(what: string, text: string, place: TextPlace): void {
  const { length } = encode(text);
  if (length >= place.bytes) throw geopmError(-3, `the ${what} has ${length} bytes: ${place.bytes - 1} fit`);
  if (text.includes("\0")) throw geopmError(-3, `the ${what} has a NUL in it`);
}

function writeHostlist({ hostlist, hostnames }: AttachOptions): string {
  const random = randomBytes(6).toString("hex");
  const path = "path" in hostlist ? hostlist.path : join(hostlist.directory, `geopm_hostlist_${random}`);
  checkText("path of the host list", path, HOSTLIST_PATH);
  writeFileSync(path, formatHostlist(hostnames), { mode: 0o600, flag: "path" in hostlist ? "w" : "wx" });
  return path;
}

async function attachRegion(path: string, options: RegionOptions, clock: Clock, deadlineMs: number): Promise<Region> {
  for (let pauseMs = FIRST_LOOK_MS; ; pauseMs = Math.min(pauseMs * 2, LONGEST_LOOK_MS)) {
    try {
      return Region.attach(path, options);
    } catch (thrown) {
      const isYetToCome = thrown instanceof GeopmError && (NOT_YET.has(thrown.number) || thrown.code === "BUSY");
      const remainingMs = deadlineMs - clock.nowMs();
      if (!isYetToCome || !(remainingMs > 0)) throw thrown;
      await delay(clock, Math.min(pauseMs, remainingMs));
    }
  }
}
