/**
 * An action on endpoints and policies turned into what will be done: read and judged first, so that it can be told before.
 * Numbers and words of refusals are GEOPM's: geopm_endpoint(3), geopm_policystore(3).
 */
import { lstatSync, rmSync } from "node:fs";
import { endpointNameProblem } from "#core/act/new-subjects.ts";
import type { ActionTarget } from "#core/act/request.ts";
import { AGENTS, type Agent } from "#core/geopm/agents.ts";
import { type EndpointOptions, Endpoint as OpenEndpoint } from "#core/geopm/endpoint.ts";
import { type GeopmError, geopmError, toGeopmError } from "#core/geopm/errors.ts";
import { POLICY_SUFFIX, SAMPLE_SUFFIX } from "#core/geopm/layout.ts";
import { type NameHost, resolveEndpoint } from "#core/geopm/names.ts";
import { checkPolicy } from "#core/geopm/policy-check.ts";
import { PolicyStore } from "#core/geopm/policy-store.ts";
import { formatPolicy, parsePolicy } from "#core/geopm/policy-text.ts";
import { sampleOf } from "#core/geopm/region-file.ts";
import { RegionFiles } from "#core/geopm/region-files.ts";
import type { EndpointWaits } from "#core/geopm/waits.ts";
import { type Endpoint, numberOfValue } from "#core/model/endpoint.ts";
import { MusterError } from "#core/model/error.ts";
import type { Policy } from "#core/model/policy.ts";
import type { Step } from "#core/model/step.ts";
import type { KeptEndpoints } from "../kept-endpoints.ts";
import type { PowerEvent } from "../observe/power-events.ts";
import { policyFields, policyItem, policyProblems, valuesOf } from "../observe/power-items.ts";
import { endpointId, endpointOfId, type NamedPolicy, policyId, policyOfId } from "../power-id.ts";
import type { Done } from "./ending.ts";
import type { PowerRequest } from "./power-request.ts";

export interface PowerContext {
  readonly node: string;
  readonly endpoint: EndpointOptions;
  readonly waits: EndpointWaits;
  /** null: this process owns no endpoints, for it does not last. */
  readonly kept: KeptEndpoints | null;
  readonly storePath: string;
  /** An endpoint as it is now. */
  readonly read: (name: string) => Endpoint | null;
  readonly record: (event: PowerEvent) => void;
}

export interface PowerOrder {
  /** The id by which everybody knows it. */
  readonly id: string;
  readonly item: Endpoint | Policy | null;
  readonly plan: readonly Step[];
  /** What it is like, in a word, before and after. */
  readonly state: () => string | null;
  readonly run: (signal: AbortSignal | undefined) => Done | Promise<Done>;
}

/** Throws what keeps it from being asked for at all. */
export function orderFor(request: PowerRequest, target: ActionTarget, context: PowerContext): PowerOrder {
  switch (request.action) {
    case "policy.set":
      return setPolicy(request, policyIn(target), context);
    case "policy.remove":
      return removePolicy(policyIn(target), context);
    default:
      return endpointOrder(request, target, context);
  }
}

function endpointOrder(request: PowerRequest, target: ActionTarget, context: PowerContext): PowerOrder {
  const { name, trap } = placeIn(target, context.endpoint.host);
  const item = context.read(name);
  const parts = partsOf(request, name, item, context);
  return {
    id: endpointId(context.node, name),
    item,
    state: () => context.read(name)?.state ?? null,
    plan: parts.plan,
    run: async (signal) => {
      const done = await parts.run(signal);
      return trap === null ? done : { ...done, message: `${done.message}. ${trap}` };
    },
  };
}

type Parts = Pick<PowerOrder, "plan" | "run">;

function partsOf(request: PowerRequest, name: string, item: Endpoint | null, context: PowerContext): Parts {
  if (request.action === "endpoint.create") return createEndpoint(request, name, context);
  if (item === null) return withoutFiles(request, name, context);
  switch (request.action) {
    case "endpoint.destroy":
      return destroyEndpoint(name, item, context);
    case "endpoint.policy":
      return writePolicy(request, name, context);
    case "endpoint.sample":
      return { plan: [], run: () => tellSample(item) };
    case "endpoint.wait":
      return waitFor(request, item, context);
    case "endpoint.bind":
      return bindEndpoint(request, name, item, context);
    case "endpoint.unbind":
      return {
        plan: [step(`no longer serve ${name} from ${item.store}`)],
        run: async () => {
          await context.kept?.unbind(name);
          return { message: `${name} is no longer served; its regions stay` };
        },
      };
    case "endpoint.release":
      return releaseEndpoint(name, context);
    default:
      throw new MusterError("INTERNAL", `${request.action} is not of endpoints`);
  }
}

/** An absolute path means the same to everyone; `/name` is taken as GEOPM does it for the user the service runs as. */
function placeIn({ id }: ActionTarget, host: NameHost): { name: string; trap: string | null } {
  const given = endpointOfId(id);
  if (given === null) throw usage(`not the id of an endpoint: ${id}`, "it is node/endpoint/ and an absolute path");
  if (given.includes("\0")) throw geopmError("INVALID", "the name of an endpoint has a NUL in it");
  const place = resolveEndpoint(given, host);
  if (place.kind === "relative") throw usage(`${given} is not an absolute path`, "give one such as /dev/shm/NAME");
  return { name: place.policyPath.slice(0, -POLICY_SUFFIX.length), trap: place.trap };
}

function createEndpoint(request: PowerRequest, name: string, { kept }: PowerContext): Parts {
  const problem = endpointNameProblem(name);
  if (problem !== null) throw usage(problem, "an absolute path such as /dev/shm/NAME");
  const takesOver = request.arguments["take-over"] === true;
  const verb = takesOver ? "take over or make" : "make";
  return {
    plan: [{ ...step(`${verb} ${name}${POLICY_SUFFIX} and ${name}${SAMPLE_SUFFIX}`), path: name }],
    run: () => {
      keeper(kept).create(name, takesOver);
      return { message: `${name} is open to controllers` };
    },
  };
}

function destroyEndpoint(name: string, item: Endpoint, { kept, read }: PowerContext): Parts {
  const paths = [item.policyPath, item.samplePath];
  return {
    plan: paths.map((path) => ({ ...step(`unlink ${path}`), path })),
    run: async () => {
      const isOurs = kept?.has(name) === true;
      if (isOurs) await kept.destroy(name);
      // What was put in the place of ours is what whoever asked has seen.
      const left = isOurs ? read(name) : item;
      if (left !== null) unlinkRegions(name, left, paths);
      return { message: `${name} is gone` };
    },
  };
}

/** Somebody has removed them. The service would make them again at its next start, unless it is told otherwise. */
function withoutFiles({ action }: PowerRequest, name: string, { kept }: PowerContext): Parts {
  const isGivenUp = action === "endpoint.destroy" || action === "endpoint.release";
  if (!isGivenUp || !kept?.has(name)) throw noEndpoint(name);
  return {
    plan: [step(`forget ${name}, whose regions are gone`)],
    run: async () => {
      await kept.release(name);
      return { message: `${name} is gone: its regions were removed before` };
    },
  };
}

/** Only what is an endpoint, or was to be one, and is nobody else's in muster. */
function unlinkRegions(name: string, item: Endpoint, paths: readonly string[]): void {
  if (item.ownerPid !== null) {
    const hint = "end that process, or have it give up the endpoint";
    throw geopmError(16, `process ${item.ownerPid} of muster owns ${name}`, { code: "LOCK_HELD", target: name, hint });
  }
  try {
    const found = paths.flatMap((path) => lstatSync(path, { throwIfNoEntry: false }) ?? []);
    const isRegion = item.regionBytes !== null || found.some(({ size }) => size === 0);
    if (!isRegion || !found.every((file) => file.isFile())) {
      const hint = "remove it yourself, if it is not needed";
      throw geopmError("INVALID", `${name} is no endpoint: ${item.problems[0]?.message}`, { code: "BAD_DATA", hint });
    }
    for (const path of paths) rmSync(path, { force: true });
  } catch (thrown) {
    throw toGeopmError(thrown, name);
  }
}

function writePolicy(request: PowerRequest, name: string, context: PowerContext): Parts {
  const text = valuesIn(request);
  return {
    plan: [step(`write the policy ${text} to the controller at ${name}`)],
    run: () => {
      using endpoint = new OpenEndpoint(name, context.endpoint);
      endpoint.open("join");
      const known = attachedAgent(endpoint);
      const values = parsePolicy(text, known);
      refuseInvalid(known, values);
      endpoint.writePolicy(values);
      const written = formatPolicy(values);
      context.record({
        severity: "info",
        code: "POLICY_WRITTEN",
        target: endpointId(context.node, name),
        message: `policy ${written} was written to the ${known.name} controller at ${name}`,
      });
      const answer = { name, agent: known.name, policy: valuesOf(known, "policy", values) };
      return { message: `the ${known.name} controller at ${name} has the policy ${written}`, answer };
    },
  };
}

function attachedAgent(endpoint: OpenEndpoint): Agent {
  const agent = endpoint.agent();
  if (agent === "") throw nobody(endpoint.place.name);
  const known = endpoint.agents.get(agent);
  if (!known) throw unknownAgent(agent);
  return known;
}

/** It would end the controller's run. */
function refuseInvalid(known: Agent, values: readonly number[]): void {
  const [finding] = checkPolicy(known, values).filter(({ severity }) => severity === "error");
  if (finding) throw geopmError("INVALID", `the controller would refuse it: ${finding.text}`, { target: known.name });
}

/** Read without the lock: it answers whoever holds that. */
function tellSample(item: Endpoint): Done {
  const [problem] = item.problems;
  if (item.state === "broken" && problem) throw geopmError("INVALID", problem.message, { code: "BAD_DATA" });
  if (item.agent === null) throw nobody(item.name);
  const { name, agent, profile, sample, sampleAgeSeconds, state } = item;
  const age = sampleAgeSeconds === null ? "never written" : `${sampleAgeSeconds.toFixed(3)} s old`;
  return {
    message: `the sample of the ${agent} controller at ${name} is ${age}${problem ? `; ${problem.message}` : ""}`,
    answer: { name, state, agent, profile, sampleAgeSeconds, sample },
  };
}

function waitFor(request: PowerRequest, { name, samplePath }: Endpoint, context: PowerContext): Parts {
  const isDetach = request.arguments.detach === true;
  const timeoutSeconds = timeoutIn(request);
  const what = isDetach ? "no controller is attached" : "a controller attaches";
  return {
    plan: [{ op: "wait", text: `wait until ${what} at ${name}` }],
    run: async (signal) => {
      // Looked at as a listing does it: a wait takes no lock.
      using files = new RegionFiles();
      const isDone = () => (agentIn(files, samplePath) === "") === isDetach;
      const timeoutMs = timeoutSeconds * 1000;
      const isSo = await context.waits.until({ path: samplePath, isDone, timeoutMs, ...(signal ? { signal } : {}) });
      if (!isSo && signal?.aborted) throw new MusterError("CANCELLED", `${name} is no longer waited for`);
      if (!isSo) {
        const message = isDetach ? "timed out waiting for controller to detach" : "timed out waiting for controller";
        throw geopmError(-1, `${name}: ${message}`, { code: "TIMED_OUT", hint: `nothing in ${timeoutSeconds} s` });
      }
      return tellAttachment(context.read(name), name);
    },
  };
}

function agentIn(files: RegionFiles, path: string): string {
  const looked = files.look(path);
  if (looked === null) throw geopmError(2, `${path} is gone`, { target: path });
  if (typeof looked.copy === "string") throw geopmError("INVALID", `${path} ${looked.copy}`, { code: "BAD_DATA" });
  return sampleOf(looked.copy).agent;
}

function tellAttachment(item: Endpoint | null, name: string): Done {
  const { agent = null, profile = null, nodes = null } = item ?? {};
  const message = agent === null ? `no controller is attached at ${name}` : `a ${agent} controller is at ${name}`;
  return { message, answer: { name, agent, profile, nodes } };
}

function bindEndpoint(request: PowerRequest, name: string, item: Endpoint, context: PowerContext): Parts {
  const store = storeIn(request) ?? context.storePath;
  return {
    plan: [step(`give controllers at ${name} their policies out of ${store}`)],
    run: () => {
      const kept = keeper(context.kept);
      if (!kept.has(name) && item.owned !== false) throw ownedByOther(item);
      kept.bind(name, store);
      return { message: `${name} is served from ${store}` };
    },
  };
}

function ownedByOther({ name, ownerPid }: Endpoint): GeopmError {
  const who = ownerPid === null ? "another process" : `process ${ownerPid}`;
  return geopmError(16, `${who} owns ${name}`, {
    code: "LOCK_HELD",
    target: name,
    hint: `if it is to be muster's: muster endpoints create --take-over ${name}`,
  });
}

function releaseEndpoint(name: string, { kept }: PowerContext): Parts {
  return {
    plan: [step(`give up ${name}, as it is`)],
    run: async () => {
      if (!kept?.has(name)) return { message: `${name} is not this service's`, isUnchanged: true };
      await kept.release(name);
      return { message: `${name} is left to whoever takes it over` };
    },
  };
}

function setPolicy(request: PowerRequest, named: NamedPolicy, context: PowerContext): PowerOrder {
  const { agent, profile } = named;
  const known = AGENTS.get(agent);
  if (!known) throw unknownAgent(agent);
  const values = parsePolicy(valuesIn(request), known);
  const text = formatPolicy(values);
  const [what, path] = [nameOf(named), context.storePath];
  return policyOrder(named, context, {
    plan: [{ ...step(`set the ${what} to ${text} in ${path}`), path }],
    run: () => {
      if (values.length === 0)
        return { message: `${agent} takes no values: there is nothing to keep`, isUnchanged: true };
      using store = new PolicyStore(path);
      if (profile === null) store.setDefault(agent, values);
      else store.setBest(agent, profile, values);
      const problems = policyProblems(known, values);
      const notes = checkPolicy(known, values).filter(({ severity }) => severity === "note");
      const answer = {
        agent,
        profile,
        store: path,
        fields: policyFields(known, values),
        problems,
        notes: notes.map((note) => note.text),
      };
      const doubt = problems.map(({ message }) => `; a controller would refuse it: ${message}`).join("");
      return { message: `the ${what} is ${text}${doubt}`, answer };
    },
  });
}

function removePolicy(named: NamedPolicy, context: PowerContext): PowerOrder {
  const { agent, profile } = named;
  const [what, path] = [nameOf(named), context.storePath];
  const order = policyOrder(named, context, {
    plan: [{ ...step(`remove the ${what} from ${path}`), path }],
    run: () => {
      using store = new PolicyStore(path, { mode: "existing" });
      if (!store.remove(agent, profile)) throw noPolicy(what, path);
      return { message: `the ${what} is removed` };
    },
  });
  if (order.item === null) throw noPolicy(what, path);
  return order;
}

function policyOrder(named: NamedPolicy, context: PowerContext, parts: Parts): PowerOrder {
  const { node, storePath } = context;
  const find = () => storedPolicy(node, storePath, named);
  return {
    id: policyId(node, named),
    item: find(),
    state: () => {
      const item = find();
      if (item === null) return null;
      const values = item.fields.map(({ value }) => numberOfValue(value));
      return formatPolicy(values.slice(0, values.findLastIndex((value) => !Number.isNaN(value)) + 1 || 1));
    },
    ...parts,
  };
}

function storedPolicy(node: string, path: string, { agent, profile }: NamedPolicy): Policy | null {
  if (lstatSync(path, { throwIfNoEntry: false }) === undefined) return null;
  using store = new PolicyStore(path, { mode: "look" });
  const listed = store.list().find((policy) => policy.agent === agent && policy.profile === profile);
  return listed ? policyItem(node, path, listed) : null;
}

const nameOf = ({ agent, profile }: NamedPolicy): string =>
  profile === null ? `default policy of ${agent}` : `policy of ${agent} for ${JSON.stringify(profile)}`;

function policyIn({ id }: ActionTarget): NamedPolicy {
  const named = policyOfId(id);
  if (named) return named;
  throw usage(`not the id of a policy: ${id}`, "it is node/policy/AGENT or node/policy/AGENT/PROFILE");
}

function valuesIn({ arguments: { values } }: PowerRequest): string {
  if (typeof values === "string") return values;
  if (typeof values === "number") return String(values);
  throw usage("no values were given", "numbers separated by commas, NAN for the agent's own choice");
}

/** GEOPM's: a negative time is no limit. */
function timeoutIn({ arguments: { timeout } }: PowerRequest): number {
  if (timeout === undefined) return Number.POSITIVE_INFINITY;
  if (typeof timeout !== "number" || Number.isNaN(timeout))
    throw usage("a timeout is a number of seconds", "such as 30");
  return timeout < 0 ? Number.POSITIVE_INFINITY : timeout;
}

function storeIn({ arguments: { policystore } }: PowerRequest): string | null {
  if (policystore === undefined) return null;
  if (typeof policystore === "string" && policystore.startsWith("/")) return policystore;
  throw usage(`${policystore} is not an absolute path`, "the service has another current directory");
}

function keeper(kept: KeptEndpoints | null): KeptEndpoints {
  if (kept) return kept;
  throw new MusterError("UNREACHABLE", "no service keeps endpoints here", {
    errno: "ENODEV",
    hint: "start it with 'muster serve'",
  });
}

const usage = (message: string, hint: string) => new MusterError("USAGE", message, { hint });

const noEndpoint = (name: string) =>
  geopmError(2, `there is no endpoint ${name}`, { target: name, hint: "'muster endpoints list' shows what there is" });

const nobody = (name: string) =>
  geopmError("NO_AGENT", `no controller is attached at ${name}`, {
    target: name,
    hint: "'muster endpoints wait' waits for one",
  });

const unknownAgent = (agent: string) =>
  geopmError("INVALID", `the agent ${JSON.stringify(agent)} is not known`, {
    target: agent,
    hint: `agents: ${[...AGENTS.keys()].join(", ")}`,
  });

const noPolicy = (what: string, path: string) =>
  geopmError("DATA_STORE", `there is no ${what} in ${path}`, { code: "NOT_FOUND", target: path });

const step = (text: string): Step => ({ op: "set", text });
