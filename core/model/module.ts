/** A PAGG module: code that owns groups of processes, here `job` or a file of the operator's. (SGI: paggctl(3)) */
import * as v from "valibot";
import { ProblemSchema } from "./daemon.ts";

const note = v.description;

export const MODULE_STATES = ["registered", "loading", "failed"] as const;
export type ModuleState = (typeof MODULE_STATES)[number];

export const ModuleSchema = v.object({
  id: v.pipe(v.string(), note("node/module/name")),
  kind: v.literal("Module"),
  node: v.string(),
  name: v.pipe(v.string(), note("service name, at most 32 bytes: pagg_namestr_t")),
  state: v.pipe(
    v.picklist(MODULE_STATES),
    note("failed: it threw or stalled and was unloaded, or could not be loaded at the start; see problems"),
  ),
  builtin: v.pipe(v.boolean(), note("part of muster; it cannot be unloaded")),
  description: v.nullable(v.string()),
  path: v.pipe(v.nullable(v.string()), note("the operator's file it was loaded from")),
  hooks: v.object({
    init: v.pipe(v.boolean(), note("it is asked about every process there is when it registers")),
    exec: v.pipe(v.boolean(), note("it is told of every exec of its processes")),
    paggctl: v.pipe(v.boolean(), note("it answers requests; without it they fail with ENXIO")),
  }),
  attached: v.pipe(v.number(), note("processes attached to it now")),
  jobs: v.pipe(v.nullable(v.number()), note("of the Job module: jobs there are; null for others")),
  registeredAt: v.pipe(v.nullable(v.string()), note("null while it is not registered")),
  problems: v.array(ProblemSchema),
});
export type Module = Readonly<v.InferOutput<typeof ModuleSchema>>;
