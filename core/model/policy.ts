/** A policy kept for an agent: the one for a profile, or the agent's default. (GEOPM: geopm_policystore(3)) */
import * as v from "valibot";
import { ProblemSchema } from "./daemon.ts";
import { PowerValueSchema } from "./endpoint.ts";

const note = v.description;

export const PolicyFieldSchema = v.object({
  ...PowerValueSchema.entries,
  without: v.pipe(v.nullable(v.string()), note("what the agent takes for NaN, in words; null if it is not known")),
});
export type PolicyField = Readonly<v.InferOutput<typeof PolicyFieldSchema>>;
/** What is known of a value before there is one. */
export type ValueField = Omit<PolicyField, "value">;

export const PolicySchema = v.object({
  id: v.pipe(v.string(), note("node/policy/agent for the default, node/policy/agent/profile for the best")),
  kind: v.literal("Policy"),
  node: v.string(),
  store: v.pipe(v.string(), note("path of the database")),
  agent: v.string(),
  profile: v.pipe(v.nullable(v.string()), note("null: the agent's default")),
  known: v.pipe(v.boolean(), note("muster knows the agent, and so the names of its fields")),
  fields: v.array(PolicyFieldSchema),
  problems: v.pipe(v.array(ProblemSchema), note("why a controller would not take it")),
});
export type Policy = Readonly<v.InferOutput<typeof PolicySchema>>;
