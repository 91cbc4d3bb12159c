/** The verbs of endpoints: what is typed is resolved as GEOPM does it, and what may surprise about that is said. */
import { resolve } from "node:path";
import type { ActionId } from "#core/act/actions.ts";
import type { ActionResult } from "#core/act/request.ts";
import { formatValue } from "#core/geopm/policy-text.ts";
import { type PowerValue, wordOfValue } from "#core/model/endpoint.ts";
import { carryOut, type Work } from "../acting.ts";
import type { Call } from "../context.ts";
import type { OptionValue } from "../option-values.ts";
import { namedEndpoints, newEndpoints } from "../power-names.ts";

type Values = Readonly<Record<string, OptionValue>>;

export const createEndpoints = (call: Call): Promise<number> =>
  carryOut(call, {
    action: "endpoint.create",
    ordersOf: (service, session) => {
      const { subjects, warnings } = newEndpoints(session, service, call.invocation.words);
      const values: Values = call.invocation.options.has("take-over") ? { "take-over": true } : {};
      return { orders: [{ subjects, values }], missing: [], warnings };
    },
  });

export const destroyEndpoints = (call: Call): Promise<number> => actOnNamed(call, "endpoint.destroy", {});

export const unbindEndpoints = (call: Call): Promise<number> => actOnNamed(call, "endpoint.unbind", {});

export const releaseEndpoints = (call: Call): Promise<number> => actOnNamed(call, "endpoint.release", {});

/** The service has another current directory. */
export function bindEndpoints(call: Call): Promise<number> {
  const store = call.invocation.options.text("policystore");
  return actOnNamed(call, "endpoint.bind", store === null ? {} : { policystore: resolve(store) });
}

export function writePolicy(call: Call): Promise<number> {
  const [name = "", values = ""] = call.invocation.words;
  return actOnNamed(call, "endpoint.policy", { values }, {}, [name]);
}

/** As geopmendpoint -s. Of several, each behind a line with its name. */
export function tellSamples(call: Call): Promise<number> {
  const isOne = new Set(call.invocation.words).size === 1;
  return actOnNamed(
    call,
    "endpoint.sample",
    {},
    { lineOf: (result, label) => sampleText(result, isOne ? null : label) },
  );
}

function sampleText({ answer }: ActionResult, label: string | null): string {
  const values = (Array.isArray(answer?.sample) ? answer.sample : []) as unknown as readonly PowerValue[];
  const age = answer?.sampleAgeSeconds;
  const lines = values.map(({ name, value }) => `${name}: ${wordOfValue(value)}`);
  return [
    ...(label === null ? [] : [`${label}:`]),
    ...lines,
    `SAMPLE_AGE: ${typeof age === "number" ? formatValue(age) : "NAN"}`,
  ].join("\n");
}

/** As geopmendpoint -a, once there is somebody. */
export function waitForControllers(call: Call): Promise<number> {
  const { options } = call.invocation;
  const timeout = options.number("timeout");
  const values: Values = {
    ...(timeout === null ? {} : { timeout }),
    ...(options.has("detach") ? { detach: true } : {}),
  };
  return actOnNamed(call, "endpoint.wait", values, { lineOf: attachmentText });
}

function attachmentText({ answer, message }: ActionResult): string {
  if (typeof answer?.agent !== "string") return message;
  const nodes = Array.isArray(answer.nodes) ? answer.nodes.join(",") : "";
  return [`Agent: ${answer.agent}`, `Profile: ${answer.profile ?? ""}`, `Nodes: ${nodes}`].join("\n");
}

function actOnNamed(
  call: Call,
  action: ActionId,
  values: Values,
  more: Partial<Work> = {},
  words: readonly string[] = call.invocation.words,
): Promise<number> {
  return carryOut(call, {
    action,
    ordersOf: (service, session) => {
      const { subjects, warnings } = namedEndpoints(session, service, words);
      return { orders: [{ subjects, values }], missing: [], warnings };
    },
    ...more,
  });
}
