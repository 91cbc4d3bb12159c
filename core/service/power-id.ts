/** Ids of power taken apart: `node/endpoint/NAME`, `node/policy/AGENT[/PROFILE]`. */
import { type Id, makeId, nameOf } from "#core/model/id.ts";

export interface NamedPolicy {
  readonly agent: string;
  /** null: the agent's default. Empty is a profile like any other. */
  readonly profile: string | null;
}

/** The name of the endpoint as it stands there; null for the id of anything else. */
export function endpointOfId(id: string): string | null {
  return /^[^/]*\/endpoint\/./s.test(id) ? nameOf(id) : null;
}

/** A profile may hold slashes, an agent does not. */
export function policyOfId(id: string): NamedPolicy | null {
  const match = /^[^/]*\/policy\/([^/]+)(?:\/(.*))?$/s.exec(id);
  if (!match) return null;
  return { agent: match[1] ?? "", profile: match[2] ?? null };
}

export const endpointId = (node: string, name: string): Id => makeId(node, "endpoint", name);

export const policyId = (node: string, { agent, profile }: NamedPolicy): Id =>
  makeId(node, "policy", profile === null ? agent : `${agent}/${profile}`);
