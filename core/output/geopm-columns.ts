/** Columns of the plain tables of power. */
import {
  type Endpoint,
  type EndpointState,
  numberOfValue,
  type PowerValue,
  wordOfValue,
} from "#core/model/endpoint.ts";
import type { Policy } from "#core/model/policy.ts";
import { orDash } from "./columns.ts";
import type { Column, Tone } from "./table.ts";

const STATE_TONE: Readonly<Record<EndpointState, Tone>> = {
  attached: "ok",
  waiting: "dim",
  stale: "error",
  abandoned: "error",
  orphaned: "warn",
  stuck: "error",
  broken: "error",
};

const ageText = (seconds: number | null) => (seconds === null ? "-" : `${seconds.toFixed(seconds < 10 ? 2 : 0)}s`);

/** `CPU_POWER_LIMIT=150W`; NaN is what GEOPM's own files call NAN. Those at the end, where most of a map is unused, are left out. */
export function valuesText(values: readonly PowerValue[]): string {
  const last = values.findLastIndex(({ value }) => value !== null);
  return values
    .slice(0, Math.max(last, 0) + 1)
    .map(
      ({ name, unit, value }) =>
        `${name}=${wordOfValue(value)}${Number.isFinite(numberOfValue(value)) ? (unit ?? "") : ""}`,
    )
    .join(" ");
}

export const ENDPOINT_COLUMNS: readonly Column<Endpoint>[] = [
  { title: "ENDPOINT", text: (endpoint) => endpoint.name },
  { title: "STATE", text: (endpoint) => endpoint.state, tone: (endpoint) => STATE_TONE[endpoint.state] ?? null },
  { title: "AGENT", text: (endpoint) => orDash(endpoint.agent) },
  { title: "PROFILE", text: (endpoint) => orDash(endpoint.profile) },
  { title: "NODES", isRight: true, text: (endpoint) => orDash(endpoint.nodes?.length) },
  { title: "POLICY AGE", isRight: true, text: (endpoint) => ageText(endpoint.policyAgeSeconds) },
  { title: "SAMPLE AGE", isRight: true, text: (endpoint) => ageText(endpoint.sampleAgeSeconds) },
  { title: "SAMPLE", text: (endpoint) => valuesText(endpoint.sample) },
];

export const POLICY_COLUMNS: readonly Column<Policy>[] = [
  { title: "AGENT", text: (policy) => policy.agent },
  { title: "PROFILE", text: (policy) => policy.profile ?? "(default)" },
  { title: "POLICY", text: (policy) => valuesText(policy.fields) },
  {
    title: "PROBLEMS",
    text: (policy) => orDash(policy.problems.map((problem) => problem.message).join("; ") || null),
    tone: (policy) => (policy.problems.length > 0 ? "warn" : null),
  },
];
