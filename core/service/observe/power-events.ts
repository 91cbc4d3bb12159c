/** What happens at endpoints, as events: what a policy server tells, and what one look finds another than the last. */

import { formatPolicy } from "#core/geopm/policy-text.ts";
import type { LockRecovered } from "#core/geopm/region.ts";
import type { ServerEvent } from "#core/geopm/served-endpoint.ts";
import type { NewEvent } from "#core/journal/journal.ts";
import type { Endpoint } from "#core/model/endpoint.ts";
import { endpointId } from "../power-id.ts";
import { plainProfile } from "./power-items.ts";

export type PowerEvent = Omit<NewEvent, "atMs">;

type Parts = Pick<PowerEvent, "severity" | "code" | "message">;

const info = (code: PowerEvent["code"], message: string): Parts => ({ severity: "info", code, message });
const warn = (code: PowerEvent["code"], message: string): Parts => ({ severity: "warn", code, message });

export function serverEvent(node: string, event: ServerEvent): PowerEvent {
  return { target: endpointId(node, event.endpoint), ...partsOf(event) };
}

function partsOf(event: ServerEvent): Parts {
  const { endpoint } = event;
  if (event.type === "failed") {
    return { severity: "error", code: "ENDPOINT_BROKEN", message: `${endpoint}: ${event.error.message}` };
  }
  const who = controllerOf(event.agent, event.profile);
  switch (event.type) {
    case "attached":
      return info("ENDPOINT_ATTACHED", `${who} has attached at ${endpoint}`);
    case "policyWritten":
      return info("POLICY_WRITTEN", `policy ${formatPolicy(event.values)} was written to ${who} at ${endpoint}`);
    case "policyRefused":
      return warn("POLICY_MISSING", `no policy was written to ${who} at ${endpoint}: ${event.error.message}`);
    case "sampleStale":
      return warn("ENDPOINT_STALE", `${who} at ${endpoint} has sent nothing for ${Math.round(event.ageSeconds)} s`);
    case "sampleFresh":
      return info("ENDPOINT_FRESH", `${who} at ${endpoint} sends again`);
    case "detached":
      return info("ENDPOINT_DETACHED", `${who} has left ${endpoint}`);
    case "controllerDied":
      return warn("ENDPOINT_ABANDONED", `${who} at ${endpoint} died without detaching; the endpoint was freed`);
  }
}

const controllerOf = (agent: string, profile: string) =>
  `the ${agent} controller${profile === "" ? "" : ` of ${plainProfile(profile)}`}`;

export function lockRecovered(node: string, { path, owner }: LockRecovered): PowerEvent {
  const name = path.replace(/-(policy|sample)$/, "");
  const message = `the lock of ${path} was held by thread ${owner}, which is dead: it was freed`;
  return { target: endpointId(node, name), ...warn("ENDPOINT_LOCK_RECOVERED", message) };
}

/** Of an endpoint that nobody serves here. `before` null: it was not there. */
export function endpointChanged(before: Endpoint | null, now: Endpoint): PowerEvent[] {
  const events: Parts[] = [];
  const [was, is] = [before?.agent ?? null, now.agent];
  const isOther = was !== is || (is !== null && before?.profileBytes !== now.profileBytes);
  if (isOther && was !== null) {
    events.push(info("ENDPOINT_DETACHED", `${controllerOf(was, before?.profileBytes ?? "")} has left ${now.name}`));
  }
  if (isOther && is !== null) {
    events.push(info("ENDPOINT_ATTACHED", `${controllerOf(is, now.profileBytes ?? "")} has attached at ${now.name}`));
  }
  if (before !== null && before.state !== now.state) events.push(...stateParts(before, now));
  return events.map((parts) => ({ target: now.id, ...parts }));
}

function stateParts(before: Endpoint, { name, state, problems }: Endpoint): Parts[] {
  const why = problems[0]?.message ?? "";
  switch (state) {
    case "stale":
      return [warn("ENDPOINT_STALE", `${name}: ${why}`)];
    case "abandoned":
      return [warn("ENDPOINT_ABANDONED", `${name}: ${why}`)];
    case "orphaned":
      return [warn("ENDPOINT_ORPHANED", `${name}: ${why}`)];
    case "stuck":
      return [warn("ENDPOINT_STUCK", `${name}: ${why}`)];
    case "broken":
      return [warn("ENDPOINT_BROKEN", `${name}: ${why}`)];
    case "attached":
      return before.state === "stale" ? [info("ENDPOINT_FRESH", `the controller at ${name} sends again`)] : [];
    case "waiting":
      return [];
  }
}
