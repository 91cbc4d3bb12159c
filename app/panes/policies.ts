/** Policies of the store: the default of each agent, and below it the best ones of its profiles. */
import { quantityText } from "#core/act/power-values.ts";
import type { Policy } from "#core/model/policy.ts";
import { defaultOf, endpointsGiven } from "#core/store/power.ts";
import type { Snapshot } from "#core/store/snapshot.ts";
import { problemLines, stateLine } from "./detail-lines.ts";
import type { Cell, DetailLine, DrawContext, Jump } from "./pane.ts";
import { mainPosition, NUMBER_COLUMNS, type PowerLook } from "./power-look.ts";
import { policyLines } from "./value-lines.ts";

/** One with a problem bears the sign of a warning: no controller would take it. */
function stateCell({ profile, problems }: Policy): Cell {
  const text = profile === null ? "default" : "best";
  return problems.length > 0 ? { text, tone: "warn", sign: "warn" } : { text, sign: "up" };
}

/** `176 W`; of several `2.1 GHz, NAN, ...`; what is wrong before that. */
function value({ fields, problems }: Policy): Cell {
  const problem = problems[0];
  if (problem) return { text: problem.message, tone: "warn" };
  if (fields.length === 0) return { text: "no values", tone: "dim" };
  const last = fields.findLastIndex((field) => field.value !== null);
  const texts = fields
    .slice(0, last + 1)
    .map((field) => (field.value === null ? "NAN" : quantityText(field.value, field.unit)));
  if (texts.length === 1) return { text: (texts[0] ?? "").padStart(NUMBER_COLUMNS) };
  return last < 0 ? { text: "NAN".padStart(NUMBER_COLUMNS), tone: "dim" } : { text: texts.join(", ") };
}

const label = ({ agent, profile }: Policy) => (profile === null ? `default of ${agent}` : `${agent} for ${profile}`);

function detail(policy: Policy, { snapshot }: DrawContext): readonly DetailLine[] {
  const { agent, profile, fields, known } = policy;
  const whose = profile === null ? "where there is none for a profile" : `for profile ${profile}`;
  const given = endpointsGiven(snapshot, policy);
  return [
    stateLine(stateCell(policy), `: what a controller with ${agent} gets ${whose}`),
    ...problemLines(policy.problems),
    known
      ? { label: "agent", text: agent }
      : { label: "agent", text: `${agent}, which muster does not know: values by their positions`, tone: "unknown" },
    { label: "profile", text: profile ?? "none: the default", tone: profile === null ? "dim" : "text" },
    { heading: "Values" },
    ...policyLines(fields),
    ...(fields.length === 0 ? [{ label: "", text: "none", tone: "dim" } as const] : []),
    { heading: "Store" },
    {
      label: "meant for",
      text: given.length === 0 ? "no controller that is attached now" : given.map(({ name }) => name).join(", "),
      tone: given.length === 0 ? "dim" : "text",
    },
    { label: "store", text: policy.store },
    { label: "id", text: policy.id, tone: "dim" },
  ];
}

function jump(policy: Policy, snapshot: Snapshot): Jump {
  const endpoint = endpointsGiven(snapshot, policy)[0];
  return endpoint ? { kind: "endpoints", id: endpoint.id } : { reason: `no controller that is attached gets it` };
}

export const POLICY_LOOK: PowerLook<Policy> = {
  name: ({ agent, profile }, { snapshot }) => {
    if (profile === null) return { text: agent, tone: "strong" };
    // The best of an agent without a default stand side by side, and say whose they are.
    const isBelow = defaultOf(snapshot, agent) !== undefined;
    return { text: isBelow ? profile : `${agent}/${profile}` };
  },
  nameKey: ({ agent, profile }) => `1${agent}\0${profile ?? ""}`,
  state: stateCell,
  stateRank: ({ problems }) => (problems.length > 0 ? 0 : 100),
  agent: ({ agent }) => agent,
  profile: ({ profile }) => profile,
  nodes: () => null,
  attachedSince: () => null,
  policyAgeSeconds: () => null,
  sampleAgeSeconds: () => null,
  value,
  valueKey: ({ fields }) => fields[mainPosition(fields)]?.value ?? null,
  label,
  alarm: ({ problems }) => (problems.length > 0 ? "warn" : null),
  searchText: ({ agent, profile, store }) => `${agent} ${profile ?? "default"} policy ${store}`,
  detail,
  jump,
};
