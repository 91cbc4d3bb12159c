/** Endpoints and policies for tests: plausible in every field, changed in the one that matters. */
import type { Endpoint, PowerValue } from "#core/model/endpoint.ts";
import type { Policy, PolicyField } from "#core/model/policy.ts";

const value = (name: string, unit: string | null, number: number | null): PowerValue => ({ name, unit, value: number });

/** What power_governor sends. */
export const powerSample = (watts: number | null, converged: number | null = 1): PowerValue[] => [
  value("POWER", "W", watts),
  value("IS_CONVERGED", null, converged),
  value("POWER_AVERAGE_ENFORCED", "W", 176),
];

export const limit = (watts: number | null): PolicyField => ({
  ...value("CPU_POWER_LIMIT", "W", watts),
  without: "the thermal design power of the packages",
});

/** One at which a power_governor is attached, unless its agent is null. */
export function endpoint(file: string, change: Partial<Endpoint> = {}): Endpoint {
  const name = file.startsWith("/") ? file : `/dev/shm/${file}`;
  const agent = change.agent === undefined ? "power_governor" : change.agent;
  const isAttached = agent !== null;
  return {
    id: `n1/endpoint/${name}`,
    kind: "Endpoint",
    node: "n1",
    name,
    state: isAttached ? "attached" : "waiting",
    policyPath: `${name}-policy`,
    samplePath: `${name}-sample`,
    regionBytes: 4160,
    ownerUid: 1000,
    owned: true,
    ownerPid: 4242,
    controlled: isAttached,
    agent,
    profile: isAttached ? "dgemm" : null,
    profileBytes: isAttached ? '"dgemm"' : null,
    nodes: isAttached ? ["n1", "n2"] : null,
    attachedSince: isAttached ? "2026-03-01T09:00:00.000Z" : null,
    policyAgeSeconds: isAttached ? 75 : null,
    policy: isAttached ? [value("CPU_POWER_LIMIT", "W", 176)] : [],
    sampleAgeSeconds: isAttached ? 0.5 : null,
    sample: isAttached ? powerSample(152.25) : [],
    store: null,
    problems: [],
    ...change,
  };
}

/** `profile`: null for the default. */
export function policy(agent: string, profile: string | null, change: Partial<Policy> = {}): Policy {
  return {
    id: `n1/policy/${agent}${profile === null ? "" : `/${profile}`}`,
    kind: "Policy",
    node: "n1",
    store: "/var/lib/muster/policystore.db",
    agent,
    profile,
    known: true,
    fields: [limit(176)],
    problems: [],
    ...change,
  };
}
