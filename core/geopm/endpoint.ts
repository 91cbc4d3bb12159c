/**
 * The resource manager's side of an endpoint, geopm_endpoint(3): it owns the two regions, writes policies and reads
 * samples. Binary compatible with the real library, whichever side it is on.
 */
import type { Clock } from "#core/model/clock.ts";
import { AGENTS, type AgentTable } from "./agents.ts";
import { EndpointRegions, type OpenMode } from "./endpoint-regions.ts";
import { geopmError } from "./errors.ts";
import { readHostlist } from "./hostlist.ts";
import { AGENT, CURRENT_LAYOUT, HOSTLIST_PATH, type Layout, POLICY, PROFILE, SAMPLE } from "./layout.ts";
import { type EndpointPlace, type NameHost, resolveEndpoint } from "./names.ts";
import type { LockRecovered } from "./region.ts";
import { type PolicyFields, plainValues, readable, type SampleFields, textOf } from "./region-fields.ts";
import { type LoopWait, WaitLoop } from "./wait-loop.ts";
import type { EndpointWaits } from "./waits.ts";

export interface AgentSizes {
  readonly policies: number;
  readonly samples: number;
}

export interface EndpointHost extends NameHost {
  /** `/proc` */
  readonly procRoot: string;
}

export interface EndpointOptions {
  readonly clock: Clock;
  readonly host: EndpointHost;
  /** Shared by all endpoints of a process. */
  readonly waits: EndpointWaits;
  /** Today's by default. An agent that is not there is answered with GEOPM's -3. */
  readonly agents?: AgentTable;
  /** Of regions that are created. */
  readonly layout?: Layout;
  /** A holder had died with a lock, and it was taken from him. */
  readonly onLockRecovered?: (event: LockRecovered) => void;
}

export interface Sample {
  readonly values: Float64Array;
  readonly ageSeconds: number;
}

const NO_SIZES: AgentSizes = { policies: 0, samples: 0 };
/** No event tells a sample; controllers write one every few milliseconds. */
const SAMPLE_LOOK_MS = 10;

export class Endpoint implements Disposable {
  readonly place: EndpointPlace;
  readonly agents: AgentTable;
  readonly #options: EndpointOptions;
  readonly #layout: Layout;
  #regions: EndpointRegions | null = null;
  /** Of the agent seen last, also after it has gone, as GEOPM keeps them. */
  #sizes: AgentSizes = NO_SIZES;
  readonly #waiting: WaitLoop;

  /** Touches no file. */
  constructor(name: string, options: EndpointOptions) {
    this.#options = options;
    this.agents = options.agents ?? AGENTS;
    this.#layout = options.layout ?? CURRENT_LAYOUT;
    this.#waiting = new WaitLoop(options.waits);
    if (name.includes("\0")) throw geopmError(-3, "the name of an endpoint has a NUL in it");
    this.place = resolveEndpoint(name, options.host, this.#layout.name);
  }

  get isOpen(): boolean {
    return this.#regions !== null;
  }

  /** Opened again, it is wiped: a controller that is attached is forgotten. */
  open(mode: OpenMode = "create"): void {
    if (this.#regions === null) this.#regions = this.#openRegions(mode);
    else if (mode === "create") this.#regions.wipe();
  }

  /** The files go with it, unless it was joined, or others have taken their place. Nothing happens when it is not open. */
  close(): void {
    this.#end("removed");
  }

  /** As `close`, but the files stay, with the controller that is attached, for whoever takes them over. */
  leave(): void {
    this.#end("left");
  }

  #end(files: "removed" | "left"): void {
    const regions = this.#regions;
    if (regions === null) return;
    this.#regions = null;
    this.#waiting.end();
    regions.close(files);
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /** Empty when no controller is attached. -3 when the agent is not known. */
  agent(): string {
    const { sample } = this.#open();
    sample.enter();
    const bytes = sample.copyBytes(AGENT);
    sample.leave();
    const agent = textOf(bytes, AGENT);
    if (agent !== "") this.#sizes = this.#sizesOf(agent);
    return agent;
  }

  /** Empty when no controller is attached. Real controllers since 2022 put it in double quotes. */
  profile(): string {
    const { sample } = this.#open();
    sample.enter();
    const bytes = sample.copyBytes(PROFILE);
    sample.leave();
    return textOf(bytes, PROFILE);
  }

  /** Sorted; none when no controller is attached. The errno when its list cannot be read. */
  hostnames(): readonly string[] {
    const { sample } = this.#open();
    sample.enter();
    const isAttached = !sample.isEmpty(AGENT);
    const bytes = sample.copyBytes(HOSTLIST_PATH);
    sample.leave();
    const path = textOf(bytes, HOSTLIST_PATH);
    return isAttached && path !== "" ? readHostlist(path) : [];
  }

  /** -3 unless there is one value for each of the agent's fields: the agent as `agent` or a wait for it saw it last. */
  writePolicy(given: ArrayLike<number>): void {
    const values = plainValues(given);
    const { policy } = this.#open();
    const count = this.#sizes.policies;
    if (values.length !== count || count > POLICY.capacity) throw wrongSize("policy", values.length, count);
    policy.enter();
    policy.setCount(POLICY, count);
    policy.store(POLICY, values);
    policy.stamp();
    policy.leave();
  }

  readSample(): Sample {
    const values = new Float64Array(Math.min(this.#sizes.samples, SAMPLE.capacity));
    const ageSeconds = this.readSampleInto(values);
    return { values, ageSeconds };
  }

  /** The age in seconds. -3 unless there is room for exactly the agent's values, and as many were written. */
  readSampleInto(values: Float64Array): number {
    const { sample } = this.#open();
    const expected = this.#sizes.samples;
    if (values.length !== expected || expected > SAMPLE.capacity) throw wrongSize("sample", values.length, expected);
    sample.enter();
    const count = sample.count(SAMPLE);
    if (count === expected) sample.load(SAMPLE, values);
    const ageSeconds = sample.age();
    sample.leave();
    if (count !== expected) throw wrongSize("sample", count, expected);
    return ageSeconds;
  }

  /** All that stands in the sample region, whatever it is and whether or not the agent is known. */
  inspectSample(): SampleFields {
    const { sample } = this.#open();
    const room = new Float64Array(SAMPLE.capacity);
    sample.enter();
    const count = sample.count(SAMPLE);
    const [agent, profile, path] = [
      sample.copyBytes(AGENT),
      sample.copyBytes(PROFILE),
      sample.copyBytes(HOSTLIST_PATH),
    ];
    sample.load(SAMPLE, room);
    const ageSeconds = sample.hasStamp ? sample.age() : null;
    sample.leave();
    return {
      agent: textOf(agent, AGENT),
      profile: textOf(profile, PROFILE),
      hostlistPath: textOf(path, HOSTLIST_PATH),
      count,
      values: room.slice(0, readable(count, SAMPLE)),
      ageSeconds,
    };
  }

  /** The policy that was written last, also by somebody else. */
  inspectPolicy(): PolicyFields {
    const { policy } = this.#open();
    const room = new Float64Array(POLICY.capacity);
    policy.enter();
    const count = policy.count(POLICY);
    policy.load(POLICY, room);
    const ageSeconds = policy.hasStamp ? policy.age() : null;
    policy.leave();
    return { count, values: room.slice(0, readable(count, POLICY)), ageSeconds };
  }

  /**
   * Ends an attachment whose controller is gone, as that one would have done it, and takes the policy back, so that the next
   * one does not begin with what was meant for another. False, and nothing done, if by now another controller is attached.
   */
  dismiss(gone: Pick<SampleFields, "agent" | "profile" | "hostlistPath">): boolean {
    const { policy, sample } = this.#open();
    sample.enter();
    const isIt =
      textOf(sample.copyBytes(AGENT), AGENT) === gone.agent &&
      textOf(sample.copyBytes(PROFILE), PROFILE) === gone.profile &&
      textOf(sample.copyBytes(HOSTLIST_PATH), HOSTLIST_PATH) === gone.hostlistPath;
    if (isIt) for (const place of [AGENT, PROFILE, HOSTLIST_PATH]) sample.clearText(place);
    sample.leave();
    if (!isIt) return false;
    policy.enter();
    policy.wipe();
    policy.leave();
    return true;
  }

  /**
   * Resolves when a controller is attached, and after `stopWaitLoop`. -1 when `timeoutSeconds` pass first; a negative
   * time is no limit. -3 when the agent is not known.
   */
  async waitForAgentAttach(timeoutSeconds: number): Promise<void> {
    const { sample } = this.#open();
    // The whole name stands there: the agent is known from now on.
    const isSo = () => !sample.isEmpty(AGENT) && this.agent() !== "";
    await this.#wait({ sample, isSo, timeoutSeconds, failure: "timed out waiting for controller" });
  }

  /** Resolves when no controller is attached, and after `stopWaitLoop`. */
  async waitForAgentDetach(timeoutSeconds: number): Promise<void> {
    const { sample } = this.#open();
    const failure = "timed out waiting for controller to detach";
    await this.#wait({ sample, isSo: () => sample.isEmpty(AGENT), timeoutSeconds, failure });
  }

  /** Resolves when a sample was written after the call, and after `stopWaitLoop`. */
  async waitForSample(timeoutSeconds: number): Promise<void> {
    const { sample } = this.#open();
    const before = sample.stampMark;
    const isSo = () => sample.stampMark !== before;
    const failure = "timed out waiting for a sample";
    await this.#wait({ sample, isSo, timeoutSeconds, failure, restMs: SAMPLE_LOOK_MS });
  }

  /** Ends the waits that go on, and every later one at once, until `resetWaitLoop`. */
  stopWaitLoop(): void {
    this.#waiting.stop();
  }

  resetWaitLoop(): void {
    this.#waiting.reset();
  }

  /** Who waits is told if it was closed meanwhile. */
  async #wait(wait: LoopWait): Promise<void> {
    if ((await this.#waiting.until(wait)) === "ended") this.#open();
  }

  #open(): EndpointRegions {
    if (this.#regions !== null) return this.#regions;
    throw geopmError(-1, `the endpoint ${this.place.name} is not open`, { code: "NOT_ALLOWED_NOW" });
  }

  #sizesOf(agent: string): AgentSizes {
    const found = this.agents.get(agent);
    if (found) return { policies: found.policy.length, samples: found.sample.length };
    const hint = "an agent of a plugin, or of another version of GEOPM";
    throw geopmError(-3, `the agent ${JSON.stringify(agent)} is not known`, { hint });
  }

  #openRegions(mode: OpenMode): EndpointRegions {
    const { clock, host, onLockRecovered = () => {} } = this.#options;
    const options = { procRoot: host.procRoot, nowMs: () => clock.nowMs(), onLockRecovered };
    return EndpointRegions.open(this.place, mode, this.#layout, options);
  }
}

function wrongSize(what: string, given: number, expected: number): Error {
  return geopmError(-3, `the ${what} has ${given} values where the agent has ${expected}`);
}
