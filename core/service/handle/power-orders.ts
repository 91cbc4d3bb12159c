/**
 * An action on endpoints and policies turned into what will be done: read and judged first, so that it can be told before.
 * Numbers and words of refusals are GEOPM's: geopm_endpoint(3), geopm_policystore(3).
 */
import type { ActionTarget } from "#core/act/request.ts";
import { geopmError } from "#core/geopm/errors.ts";
import { POLICY_SUFFIX } from "#core/geopm/layout.ts";
import { type NameHost, resolveEndpoint } from "#core/geopm/names.ts";
import type { Endpoint } from "#core/model/endpoint.ts";
import { MusterError } from "#core/model/error.ts";
import { endpointId, endpointOfId } from "../power-id.ts";
import { readSample, waitFor, writePolicy } from "./controller-orders.ts";
import {
  bindEndpoint,
  createEndpoint,
  destroyEndpoint,
  releaseEndpoint,
  unbindEndpoint,
  withoutFiles,
} from "./endpoint-orders.ts";
import { policyIn, removePolicy, setPolicy } from "./policy-orders.ts";
import { type Parts, type PowerContext, type PowerOrder, usage } from "./power-order.ts";
import type { PowerRequest } from "./power-request.ts";

/** Throws what keeps it from being asked for at all. `confined`: why who asks is told of what is listed, and of nothing else. */
export function orderFor(
  request: PowerRequest,
  target: ActionTarget,
  context: PowerContext,
  confined: MusterError | null,
): PowerOrder {
  switch (request.action) {
    case "policy.set":
      return setPolicy(request, policyIn(target), context);
    case "policy.remove":
      return removePolicy(policyIn(target), context);
    default:
      return endpointOrder(request, target, context, confined);
  }
}

function endpointOrder(
  request: PowerRequest,
  target: ActionTarget,
  context: PowerContext,
  confined: MusterError | null,
): PowerOrder {
  const { name, trap } = placeIn(target, context.endpoint.host);
  const item = confined ? readListed(name, context, confined) : context.read(name);
  const parts = partsOf(request, name, item, context);
  return {
    id: endpointId(context.node, name),
    item,
    state: () => context.read(name)?.state ?? null,
    plan: parts.plan,
    run: async (signal) => {
      const done = await parts.run(signal);
      return trap === null ? done : { ...done, message: `${done.message}. ${trap}` };
    },
  };
}

function partsOf(request: PowerRequest, name: string, item: Endpoint | null, context: PowerContext): Parts {
  if (request.action === "endpoint.create") return createEndpoint(request, name, context);
  if (item === null) return withoutFiles(request, name, context);
  switch (request.action) {
    case "endpoint.destroy":
      return destroyEndpoint(name, item, context);
    case "endpoint.policy":
      return writePolicy(request, name, context);
    case "endpoint.sample":
      return readSample(item);
    case "endpoint.wait":
      return waitFor(request, item, context);
    case "endpoint.bind":
      return bindEndpoint(request, name, item, context);
    case "endpoint.unbind":
      return unbindEndpoint(name, item, context);
    case "endpoint.release":
      return releaseEndpoint(name, context);
    default:
      throw new MusterError("INTERNAL", `${request.action} is not of endpoints`);
  }
}

/** In a listed directory a file that is no region is nobody's business: it is as if it were not there. */
function readListed(name: string, { isInListed, read }: PowerContext, confined: MusterError): Endpoint | null {
  if (!isInListed(name)) {
    const message = `${name} is in no directory that is searched for endpoints, and who asks may not look elsewhere`;
    throw new MusterError("PERMISSION_DENIED", message, {
      errno: "EPERM",
      target: name,
      hint: `${confined.hint}; or its directory in [geopm] endpoints`,
    });
  }
  const item = read(name);
  return item?.regionBytes === null ? null : item;
}

/** An absolute path means the same to everyone; `/name` is taken as GEOPM does it for the user the service runs as. */
function placeIn({ id }: ActionTarget, host: NameHost): { name: string; trap: string | null } {
  const given = endpointOfId(id);
  if (given === null) throw usage(`not the id of an endpoint: ${id}`, "it is node/endpoint/ and an absolute path");
  if (given.includes("\0")) throw geopmError("INVALID", "the name of an endpoint has a NUL in it");
  const place = resolveEndpoint(given, host);
  if (place.kind === "relative") throw usage(`${given} is not an absolute path`, "give one such as /dev/shm/NAME");
  return { name: place.policyPath.slice(0, -POLICY_SUFFIX.length), trap: place.trap };
}
