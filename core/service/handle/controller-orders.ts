/** Orders on the controller at an endpoint: a policy for it, its last sample, the wait until it comes or goes. */
import type { Agent } from "#core/geopm/agents.ts";
import { Endpoint as OpenEndpoint } from "#core/geopm/endpoint.ts";
import { geopmError } from "#core/geopm/errors.ts";
import { checkPolicy } from "#core/geopm/policy-check.ts";
import { formatPolicy, parsePolicy } from "#core/geopm/policy-text.ts";
import { sampleOf } from "#core/geopm/region-file.ts";
import { RegionFiles } from "#core/geopm/region-files.ts";
import type { Endpoint } from "#core/model/endpoint.ts";
import { MusterError } from "#core/model/error.ts";
import { valuesOf } from "../observe/power-items.ts";
import { endpointId } from "../power-id.ts";
import type { Done } from "./ending.ts";
import { type Parts, type PowerContext, step, unknownAgent, usage, valuesIn } from "./power-order.ts";
import type { PowerRequest } from "./power-request.ts";

export function writePolicy(request: PowerRequest, name: string, context: PowerContext): Parts {
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
export function readSample(item: Endpoint): Parts {
  return { plan: [], run: () => tellSample(item) };
}

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

export function waitFor(request: PowerRequest, { name, samplePath }: Endpoint, context: PowerContext): Parts {
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

/** GEOPM's: a negative time is no limit. */
function timeoutIn({ arguments: { timeout } }: PowerRequest): number {
  if (timeout === undefined) return Number.POSITIVE_INFINITY;
  if (typeof timeout !== "number" || Number.isNaN(timeout))
    throw usage("a timeout is a number of seconds", "such as 30");
  return timeout < 0 ? Number.POSITIVE_INFINITY : timeout;
}

const nobody = (name: string) =>
  geopmError("NO_AGENT", `no controller is attached at ${name}`, {
    target: name,
    hint: "'muster endpoints wait' waits for one",
  });
