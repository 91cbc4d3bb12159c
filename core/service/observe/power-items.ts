/** What core/geopm found, as items of the model: names and units beside the numbers, and NaN as no data. */
import { AGENTS, type Agent, fieldName } from "#core/geopm/agents.ts";
import { conditionOf, conditionText } from "#core/geopm/condition.ts";
import type { ListedEndpoint } from "#core/geopm/listing.ts";
import { checkPolicy } from "#core/geopm/policy-check.ts";
import { type ListedPolicy, padded, withoutQuotes } from "#core/geopm/stored-policy.ts";
import type { Problem } from "#core/model/daemon.ts";
import type { Endpoint, PowerValue } from "#core/model/endpoint.ts";
import type { Policy, PolicyField } from "#core/model/policy.ts";
import { endpointId, policyId } from "../power-id.ts";

/** What is known of an endpoint beside its regions. */
export interface EndpointContext {
  readonly node: string;
  readonly staleSeconds: number;
  readonly attachedSince: string | null;
  /** null: it cannot be read. */
  readonly nodes: readonly string[] | null;
  readonly store: string | null;
}

export function endpointItem(found: ListedEndpoint, context: EndpointContext): Endpoint {
  const { policy, sample, state } = found;
  const agent = sample === null || sample.agent === "" ? null : sample.agent;
  const known = agent === null ? null : AGENTS.get(agent);
  const condition = conditionOf(found, context.staleSeconds);
  return {
    id: endpointId(context.node, found.name),
    kind: "Endpoint",
    node: context.node,
    name: found.name,
    state: condition,
    policyPath: found.policyPath,
    samplePath: found.samplePath,
    regionBytes: found.fileBytes,
    ownerUid: found.uid,
    owned: state.isOwned,
    ownerPid: found.keeperPid,
    controlled: agent === null ? false : state.isControlled,
    agent,
    profile: agent === null ? null : plainProfile(sample?.profile ?? ""),
    profileBytes: agent === null ? null : (sample?.profile ?? ""),
    nodes: agent === null || context.nodes === null ? null : [...context.nodes],
    attachedSince: agent === null ? null : context.attachedSince,
    policyAgeSeconds: policy?.ageSeconds ?? null,
    policy: valuesOf(known, "policy", padded([...(policy?.values ?? [])], known?.policy.length ?? 0)),
    sampleAgeSeconds: sample?.ageSeconds ?? null,
    sample: agent === null ? [] : valuesOf(known, "sample", sample?.values ?? []),
    store: context.store,
    problems: problemsOf(found, condition),
  };
}

/** Without the double quotes that GEOPM puts around it since 2022. */
export const plainProfile = (profile: string): string => withoutQuotes(profile) ?? profile;

export function valuesOf(
  known: Agent | null | undefined,
  side: "policy" | "sample",
  values: ArrayLike<number>,
): PowerValue[] {
  return Array.from(values, (value, offset) => ({
    name: fieldName(known, side, offset),
    unit: known?.[side][offset]?.unit ?? null,
    value: plainNumber(value),
  }));
}

/** JSON has numbers for neither NaN nor infinities; the latter are as good as the largest. */
function plainNumber(value: number): number | null {
  if (Number.isNaN(value)) return null;
  return Math.min(Math.max(value, -Number.MAX_VALUE), Number.MAX_VALUE);
}

const CODE_OF_CONDITION = {
  broken: "REGION_BROKEN",
  stuck: "LOCK_STUCK",
  orphaned: "ORPHANED",
  abandoned: "ABANDONED",
  stale: "SAMPLE_STALE",
  attached: null,
  waiting: null,
} as const satisfies Record<Endpoint["state"], string | null>;

function problemsOf({ problem, heldLock, state }: ListedEndpoint, condition: Endpoint["state"]): Problem[] {
  const code = CODE_OF_CONDITION[condition];
  if (code === null) return [];
  if (problem !== null) return [{ code, message: problem }];
  if (heldLock !== null) {
    return [{ code, message: `the lock of ${heldLock.path} is held by thread ${heldLock.owner} and not given back` }];
  }
  return [{ code, message: conditionText(condition, state) }];
}

export function policyItem(node: string, store: string, listed: ListedPolicy): Policy {
  const { agent, profile, values, problem } = listed;
  const known = AGENTS.get(agent) ?? null;
  return {
    id: policyId(node, { agent, profile }),
    kind: "Policy",
    node,
    store,
    agent,
    profile,
    known: known !== null,
    fields: policyFields(known, values),
    problems: problem === null ? policyProblems(known, values) : [{ code: "POLICY_UNUSABLE", message: problem }],
  };
}

/** As many as the agent takes: what is not stored is NaN to the controller. */
export function policyFields(known: Agent | null, values: readonly number[]): PolicyField[] {
  const whole = padded(values, known?.policy.length ?? 0);
  return valuesOf(known, "policy", whole).map((field, offset) => ({
    ...field,
    without: known?.policy[offset]?.whenNan ?? null,
  }));
}

/** Why a controller would not take it. */
export function policyProblems(known: Agent | null, values: readonly number[]): Problem[] {
  if (known === null) return [];
  return checkPolicy(known, values)
    .filter(({ severity }) => severity === "error")
    .map(({ text }) => ({ code: "POLICY_INVALID", message: text }));
}
