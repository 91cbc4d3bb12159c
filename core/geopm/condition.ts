/** What to make of an endpoint's facts, in one word: what stands out in a list. */
import type { EndpointState } from "#core/model/endpoint.ts";
import type { EndpointState as EndpointFacts, ListedEndpoint } from "./listing.ts";

/** word -> what it means */
const CONDITIONS = {
  broken: "its files are no endpoint",
  stuck: "a lock is held, and not given back",
  orphaned: "its owner is gone",
  abandoned: "its controller died without detaching",
  stale: "its controller lives, but has written no sample for long",
  attached: "a controller is attached",
  waiting: "no controller is attached",
} as const satisfies Record<EndpointState, string>;

/** What cannot be told counts for the better. A controller whose agent has no samples is never stale. */
export function conditionOf(endpoint: ListedEndpoint, staleSeconds: number): EndpointState {
  const { state, sample, problem, heldLock } = endpoint;
  if (problem !== null) return "broken";
  if (heldLock !== null) return "stuck";
  if (state.isOwned === false) return "orphaned";
  if (!state.isAttached) return "waiting";
  if (state.isControlled === false) return "abandoned";
  const hasSamples = sample !== null && sample.count > 0 && sample.ageSeconds !== null;
  return hasSamples && (sample.ageSeconds ?? 0) > staleSeconds ? "stale" : "attached";
}

/** What cannot be seen is not claimed. */
export const conditionText = (
  condition: EndpointState,
  { isControlled }: Pick<EndpointFacts, "isControlled">,
): string =>
  condition === "stale" && isControlled === null
    ? "no sample was written for long; whether its controller lives cannot be told"
    : CONDITIONS[condition];
