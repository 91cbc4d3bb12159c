/** GEOPM endpoints: who is attached, what it sends, what it was told, and whether anybody is still there. */
import { quantityText } from "#core/act/power-values.ts";
import type { Endpoint, EndpointState } from "#core/model/endpoint.ts";
import { policyFor } from "#core/store/power.ts";
import { levelsOf, pointsOf, scaleOf } from "#core/store/sample-history.ts";
import type { Snapshot } from "#core/store/snapshot.ts";
import { problemLines, stateLine } from "./detail-lines.ts";
import { clockTime, duration, fullTime } from "./measures.ts";
import type { Cell, DetailLine, DrawContext, Jump, Sign, Tone } from "./pane.ts";
import { mainPosition, NUMBER_COLUMNS, type PowerLook } from "./power-look.ts";
import { policyLines, sampleLines } from "./value-lines.ts";

interface StateLook {
  readonly sign: Sign;
  readonly tone: Tone;
  readonly alarm: "warn" | "error" | null;
  readonly meaning: string;
}

/** In the order in which they need somebody. */
const STATES: Readonly<Record<EndpointState, StateLook>> = {
  broken: { sign: "error", tone: "error", alarm: "error", meaning: "its files are no endpoint" },
  stuck: { sign: "frozen", tone: "error", alarm: "error", meaning: "a lock is held and not given back" },
  abandoned: { sign: "failed", tone: "error", alarm: "error", meaning: "its controller died without detaching" },
  stale: { sign: "stale", tone: "warn", alarm: "warn", meaning: "its controller has sent nothing for too long" },
  orphaned: {
    sign: "unlocked",
    tone: "warn",
    alarm: "warn",
    meaning: "its owner is gone; t takes it over, D destroys it",
  },
  attached: { sign: "up", tone: "ok", alarm: null, meaning: "" },
  waiting: { sign: "down", tone: "dim", alarm: null, meaning: "no controller is attached" },
};

const RANKS = Object.keys(STATES);

function stateCell({ state }: Endpoint): Cell {
  const { sign, tone } = STATES[state];
  return { text: state, tone, sign };
}

/** The number that says most, and its last minute; where nothing is sent, what is wrong. */
function value(endpoint: Endpoint, { samples, atMs }: DrawContext): Cell {
  const position = mainPosition(endpoint.sample);
  const main = endpoint.agent === null ? undefined : endpoint.sample[position];
  if (!main) {
    const problem = endpoint.problems[0];
    if (problem) return { text: problem.message, tone: STATES[endpoint.state].tone };
    return { text: endpoint.agent === null ? "" : "no samples", tone: "dim" };
  }
  const points = pointsOf(samples, endpoint.id, position, atMs);
  return {
    text: quantityText(main.value, main.unit).padStart(NUMBER_COLUMNS),
    ...(main.value === null ? { tone: "dim" as const } : {}),
    bars: levelsOf(points, scaleOf(points)),
  };
}

const ago = (seconds: number | null) => (seconds === null ? "never" : `${duration(seconds * 1000)} ago`);

const yesNo = (is: boolean | null, yes: string, no: string, noTone: Tone): { text: string; tone: Tone } => {
  if (is === null) return { text: "cannot be told", tone: "unknown" };
  return is ? { text: yes, tone: "ok" } : { text: no, tone: noTone };
};

function controllerLines(endpoint: Endpoint, context: DrawContext): readonly DetailLine[] {
  const { agent, profile, profileBytes, nodes, attachedSince } = endpoint;
  if (agent === null) return [{ label: "agent", text: "none: no controller is attached", tone: "dim" }];
  const raw = profileBytes !== null && profileBytes !== profile ? `, written as ${profileBytes}` : "";
  const nodesText = nodes === null ? "their list cannot be read" : `${nodes.length}: ${nodes.join(", ")}`;
  const lines: DetailLine[] = [
    { label: "agent", text: agent },
    { label: "profile", text: profile === null || profile === "" ? "none" : `${profile}${raw}` },
    { label: "nodes", text: nodesText, tone: nodes === null ? "warn" : "text" },
    { label: "alive", ...yesNo(endpoint.controlled, "yes, its controller lives", "no, it is gone", "error") },
  ];
  if (attachedSince !== null) {
    const since = Date.parse(attachedSince);
    const text = `${fullTime(since)}, ${duration(context.atMs - since)} at ${clockTime(context.atMs)}`;
    lines.push({ label: "first seen", text });
  }
  return lines;
}

function storeLines(endpoint: Endpoint, { snapshot }: DrawContext): readonly DetailLine[] {
  const bound: DetailLine =
    endpoint.store === null
      ? { label: "bound to", text: "no store by this service: b has it served from one", tone: "dim" }
      : { label: "bound to", text: endpoint.store };
  if (endpoint.agent === null) return [bound];
  const policy = policyFor(snapshot, endpoint.agent, endpoint.profile);
  const kept = policy === undefined ? `no policy of ${endpoint.agent}` : policyName(policy);
  return [bound, { label: "store has", text: kept, tone: policy === undefined ? "warn" : "text" }];
}

const policyName = ({ agent, profile }: { readonly agent: string; readonly profile: string | null }) =>
  profile === null ? `the default of ${agent}` : `the best of ${agent} for ${profile}`;

function detail(endpoint: Endpoint, context: DrawContext): readonly DetailLine[] {
  const { meaning } = STATES[endpoint.state];
  const { sample, policy, regionBytes } = endpoint;
  const size =
    regionBytes === null
      ? "cannot be read"
      : `${regionBytes} bytes${regionBytes === 4136 ? ", of GEOPM before 2021" : ""}`;
  return [
    stateLine(stateCell(endpoint), meaning === "" ? "" : `: ${meaning}`),
    ...problemLines(endpoint.problems),
    ...controllerLines(endpoint, context),
    ...storeLines(endpoint, context),
    { heading: "Sample" },
    { label: "sent", text: ago(endpoint.sampleAgeSeconds), tone: endpoint.state === "stale" ? "warn" : "text" },
    ...sampleLines(endpoint.id, sample, context),
    { heading: "Policy" },
    { label: "written", text: ago(endpoint.policyAgeSeconds) },
    ...policyLines(policy),
    { heading: "Regions" },
    { label: "name", text: endpoint.name },
    { label: "policy", text: endpoint.policyPath },
    { label: "sample", text: endpoint.samplePath },
    { label: "size", text: size, tone: regionBytes === null ? "warn" : "text" },
    { label: "files of", text: endpoint.ownerUid === null ? "not known" : `uid ${endpoint.ownerUid}` },
    { label: "owned", ...yesNo(endpoint.owned, ownerText(endpoint), "no, its owner is gone", "warn") },
    { label: "id", text: endpoint.id, tone: "dim" },
  ];
}

const ownerText = ({ ownerPid }: Endpoint) => (ownerPid === null ? "yes" : `yes, by muster (pid ${ownerPid})`);

function jump(endpoint: Endpoint, snapshot: Snapshot): Jump {
  const { agent, profile, name } = endpoint;
  if (agent === null) return { reason: `nobody is attached at ${name}: no policy is meant for it` };
  const policy = policyFor(snapshot, agent, profile);
  return policy ? { kind: "policies", id: policy.id } : { reason: `the store has no policy of ${agent}` };
}

export const ENDPOINT_LOOK: PowerLook<Endpoint> = {
  name: ({ name }) => ({ text: name, tone: "strong" }),
  nameKey: ({ name }) => `0${name}`,
  state: stateCell,
  stateRank: ({ state }) => RANKS.indexOf(state),
  agent: ({ agent }) => agent,
  profile: ({ profile }) => profile,
  nodes: ({ nodes }) => nodes,
  attachedSince: ({ attachedSince }) => attachedSince,
  policyAgeSeconds: ({ policyAgeSeconds }) => policyAgeSeconds,
  sampleAgeSeconds: ({ sampleAgeSeconds }) => sampleAgeSeconds,
  value,
  valueKey: ({ sample }) => sample[mainPosition(sample)]?.value ?? null,
  label: ({ name }) => name,
  alarm: ({ state, problems }) => STATES[state].alarm ?? (problems.length > 0 ? "warn" : null),
  searchText: ({ name, state, agent, profile, nodes }) =>
    `${name} ${state} ${agent ?? ""} ${profile ?? ""} ${nodes?.join(" ") ?? ""}`,
  detail,
  jump,
};
