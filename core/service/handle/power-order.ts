/** What an action on endpoints and policies is turned into before anything is done, and what orders are made with. */
import { AGENTS } from "#core/geopm/agents.ts";
import type { EndpointOptions } from "#core/geopm/endpoint.ts";
import { geopmError } from "#core/geopm/errors.ts";
import type { EndpointWaits } from "#core/geopm/waits.ts";
import type { Endpoint } from "#core/model/endpoint.ts";
import { MusterError } from "#core/model/error.ts";
import type { Policy } from "#core/model/policy.ts";
import type { Step } from "#core/model/step.ts";
import type { KeptEndpoints } from "../kept-endpoints.ts";
import type { PowerEvent } from "../observe/power-events.ts";
import type { Done } from "./ending.ts";
import type { PowerRequest } from "./power-request.ts";

export interface PowerContext {
  readonly node: string;
  readonly endpoint: EndpointOptions;
  readonly waits: EndpointWaits;
  /** null: this process owns no endpoints, for it does not last. */
  readonly kept: KeptEndpoints | null;
  readonly storePath: string;
  /** Whether it is in a directory that is searched for endpoints. */
  readonly isInListed: (name: string) => boolean;
  /** An endpoint as it is now. */
  readonly read: (name: string) => Endpoint | null;
  readonly record: (event: PowerEvent) => void;
}

export interface PowerOrder {
  /** The id by which everybody knows it. */
  readonly id: string;
  readonly item: Endpoint | Policy | null;
  readonly plan: readonly Step[];
  /** What it is like, in a word, before and after. */
  readonly state: () => string | null;
  readonly run: (signal: AbortSignal | undefined) => Done | Promise<Done>;
}

/** What is done, and told before. */
export type Parts = Pick<PowerOrder, "plan" | "run">;

export function valuesIn({ arguments: { values } }: PowerRequest): string {
  if (typeof values === "string") return values;
  if (typeof values === "number") return String(values);
  throw usage("no values were given", "numbers separated by commas, NAN for the agent's own choice");
}

export const usage = (message: string, hint: string) => new MusterError("USAGE", message, { hint });

export const unknownAgent = (agent: string) =>
  geopmError("INVALID", `the agent ${JSON.stringify(agent)} is not known`, {
    target: agent,
    hint: `agents: ${[...AGENTS.keys()].join(", ")}`,
  });

export const step = (text: string): Step => ({ op: "set", text });
