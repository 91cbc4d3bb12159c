/** A GEOPM endpoint: a pair of shared-memory regions at which a controller attaches. (GEOPM: geopm_endpoint(3)) */
import * as v from "valibot";
import { ProblemSchema } from "./daemon.ts";

const note = v.description;

/**
 * attached: a controller is there and its samples are fresh, or its agent sends none; waiting: nobody is attached; stale: the
 * controller lives, but has sent nothing for too long; abandoned: it died without detaching; orphaned: the owner is gone;
 * stuck: a lock is held and not given back; broken: its files are no endpoint.
 */
export const ENDPOINT_STATES = ["attached", "waiting", "stale", "abandoned", "orphaned", "stuck", "broken"] as const;
export type EndpointState = (typeof ENDPOINT_STATES)[number];

export const PowerValueSchema = v.object({
  name: v.pipe(v.string(), note("as the agent calls it; `policy 0`, `sample 0`, ... where muster does not know")),
  unit: v.pipe(v.nullable(v.string()), note("W, Hz, s, ...; null if it has none or it is not known")),
  value: v.pipe(v.nullable(v.number()), note("null: NaN, no data; an infinity is the largest number there is")),
});
export type PowerValue = Readonly<v.InferOutput<typeof PowerValueSchema>>;

/** The number that such a value stands for. */
export function numberOfValue(value: number | null): number {
  if (value === null) return Number.NaN;
  return Math.abs(value) === Number.MAX_VALUE ? Math.sign(value) * Number.POSITIVE_INFINITY : value;
}

/** As GEOPM's own files spell it, and its tools read it: `150`, `NAN`, `INF`. */
export function wordOfValue(value: number | null): string {
  const number = numberOfValue(value);
  if (Number.isNaN(number)) return "NAN";
  return Number.isFinite(number) ? String(number) : number > 0 ? "INF" : "-INF";
}

export const EndpointSchema = v.object({
  id: v.pipe(v.string(), note("node/endpoint/name")),
  kind: v.literal("Endpoint"),
  node: v.string(),
  name: v.pipe(v.string(), note("absolute path of its regions without -policy and -sample")),
  state: v.picklist(ENDPOINT_STATES),
  policyPath: v.string(),
  samplePath: v.string(),
  regionBytes: v.pipe(v.nullable(v.number()), note("4160; 4136 of GEOPM before 2021; null if it cannot be read")),
  ownerUid: v.pipe(v.nullable(v.number()), note("owner of the files")),
  owned: v.pipe(
    v.nullable(v.boolean()),
    note("a process lives that made it or took it over; null if that cannot be told"),
  ),
  ownerPid: v.pipe(v.nullable(v.number()), note("that process, if it is one of muster")),
  controlled: v.pipe(v.nullable(v.boolean()), note("the attached controller lives; null if that cannot be told")),
  agent: v.pipe(v.nullable(v.string()), note("of the attached controller; null: nobody is attached")),
  profile: v.pipe(v.nullable(v.string()), note("without the quotes that GEOPM since 2.0 puts around it")),
  profileBytes: v.pipe(v.nullable(v.string()), note("as it stands in the region")),
  nodes: v.pipe(
    v.nullable(v.array(v.string())),
    note("host names of the controller's job; null if its list cannot be read"),
  ),
  attachedSince: v.pipe(v.nullable(v.string()), note("when muster first saw this controller")),
  policyAgeSeconds: v.pipe(v.nullable(v.number()), note("null if none was ever written")),
  policy: v.pipe(
    v.array(PowerValueSchema),
    note("as written last, whoever it was meant for; of an agent that muster knows all values it takes"),
  ),
  sampleAgeSeconds: v.pipe(v.nullable(v.number()), note("null if there was never one")),
  sample: v.pipe(v.array(PowerValueSchema), note("of the attached controller")),
  store: v.pipe(v.nullable(v.string()), note("policy store that this service serves it from; null: it does not")),
  problems: v.array(ProblemSchema),
});
export type Endpoint = Readonly<v.InferOutput<typeof EndpointSchema>>;
