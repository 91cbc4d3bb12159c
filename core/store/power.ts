/**
 * Endpoints and policies in a snapshot: which policies belong together, which one a controller is given, and what is known
 * of an agent's values from the items themselves. Answers are kept with the items they were made from.
 */
import type { Endpoint } from "#core/model/endpoint.ts";
import { makeId } from "#core/model/id.ts";
import type { Policy, ValueField } from "#core/model/policy.ts";
import { type Forest, forestOf } from "./forest.ts";
import { indexer } from "./indexer.ts";
import type { Snapshot } from "./snapshot.ts";

type Index<T> = ReadonlyMap<string, T>;
type Power = Endpoint | Policy;

const made = new WeakMap<Index<Endpoint>, { readonly policies: Index<Policy>; readonly forest: Forest<Power> }>();

/** The best policies of an agent below its default. */
export function powerOf(snapshot: Snapshot): Forest<Power> {
  const { items: endpoints } = snapshot.shelves.endpoints;
  const { items: policies } = snapshot.shelves.policies;
  const last = made.get(endpoints);
  if (last?.policies === policies) return last.forest;
  const forest = forestOf<Power>(new Map<string, Power>([...endpoints, ...policies]), (item) =>
    item.kind === "Endpoint" || item.profile === null ? null : makeId(item.node, "policy", item.agent),
  );
  made.set(endpoints, { policies, forest });
  return forest;
}

const byAgent = indexer((policies: Index<Policy>) => {
  const index = new Map<string, Policy[]>();
  for (const policy of policies.values()) {
    const list = index.get(policy.agent);
    if (list) list.push(policy);
    else index.set(policy.agent, [policy]);
  }
  return index;
});

const policiesOf = (snapshot: Snapshot, agent: string): readonly Policy[] =>
  byAgent(snapshot.shelves.policies.items).get(agent) ?? [];

export const defaultOf = (snapshot: Snapshot, agent: string): Policy | undefined =>
  snapshot.shelves.policies.items.get(makeId(snapshot.node, "policy", agent));

/** What the store has for a controller: the policy of its profile, else the default of its agent. */
export function policyFor(snapshot: Snapshot, agent: string, profile: string | null): Policy | undefined {
  const best = profile === null ? undefined : makeId(snapshot.node, "policy", `${agent}/${profile}`);
  return (best === undefined ? undefined : snapshot.shelves.policies.items.get(best)) ?? defaultOf(snapshot, agent);
}

const attached = indexer((endpoints: Index<Endpoint>) => [...endpoints.values()].filter(({ agent }) => agent !== null));

/** Controllers that are given this policy, if their endpoints are bound to the store. */
export function endpointsGiven(snapshot: Snapshot, policy: Policy): readonly Endpoint[] {
  return attached(snapshot.shelves.endpoints.items).filter(
    ({ agent, profile }) => agent === policy.agent && policyFor(snapshot, policy.agent, profile)?.id === policy.id,
  );
}

/** What values are called of an agent that muster does not know. */
const BY_POSITION = /^policy \d+$/;

export interface KnownFields {
  readonly fields: readonly ValueField[];
  /** The agent takes no more than these. */
  readonly isWhole: boolean;
}

/** The agent's values as far as the items tell them; null if no item does. */
export function fieldsOfAgent(snapshot: Snapshot, agent: string): KnownFields | null {
  const known = policiesOf(snapshot, agent).find((policy) => policy.known);
  if (known) return { fields: known.fields, isWhole: true };
  const endpoint = attached(snapshot.shelves.endpoints.items).find(
    (each) => each.agent === agent && each.policy.length > 0,
  );
  if (!endpoint) return null;
  const fields = endpoint.policy.map(({ name, unit }) => ({ name, unit, without: null }));
  return { fields, isWhole: !fields.every(({ name }) => BY_POSITION.test(name)) };
}
