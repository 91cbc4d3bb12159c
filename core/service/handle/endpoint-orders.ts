/** Orders on the two regions of an endpoint, and on who owns and who serves it, geopm_endpoint(3). */
import { lstatSync, rmSync } from "node:fs";
import { endpointNameProblem } from "#core/act/new-subjects.ts";
import { type GeopmError, geopmError, toGeopmError } from "#core/geopm/errors.ts";
import { POLICY_SUFFIX, SAMPLE_SUFFIX } from "#core/geopm/layout.ts";
import type { Endpoint } from "#core/model/endpoint.ts";
import { MusterError } from "#core/model/error.ts";
import type { KeptEndpoints } from "../kept-endpoints.ts";
import { type Parts, type PowerContext, step, usage } from "./power-order.ts";
import type { PowerRequest } from "./power-request.ts";

export function createEndpoint(request: PowerRequest, name: string, { kept, read }: PowerContext): Parts {
  const problem = endpointNameProblem(name);
  if (problem !== null) throw usage(problem, "an absolute path such as /dev/shm/NAME");
  const takesOver = request.arguments["take-over"] === true;
  const verb = takesOver ? "take over or make" : "make";
  return {
    plan: [{ ...step(`${verb} ${name}${POLICY_SUFFIX} and ${name}${SAMPLE_SUFFIX}`), path: name }],
    run: () => {
      const before = takesOver ? read(name) : null;
      keeper(kept).create(name, takesOver);
      if (before === null) return { message: `${name} is open to controllers` };
      const isOwn = before.ownerPid === process.pid;
      // Not to be destroyed: what others have made, and a controller may be using.
      return { message: `the service owns ${name}; what is in it stays`, undo: isOwn ? null : "endpoint.release" };
    },
  };
}

export function destroyEndpoint(name: string, item: Endpoint, { kept, read }: PowerContext): Parts {
  const paths = [item.policyPath, item.samplePath];
  return {
    plan: paths.map((path) => ({ ...step(`unlink ${path}`), path })),
    run: async () => {
      const isOurs = kept?.has(name) === true;
      if (isOurs) await kept.destroy(name);
      // What was put in the place of ours is what whoever asked has seen.
      const left = isOurs ? read(name) : item;
      if (left !== null) unlinkRegions(name, left, paths);
      return { message: `${name} is gone` };
    },
  };
}

/** Somebody has removed them. The service would make them again at its next start, unless it is told otherwise. */
export function withoutFiles({ action }: PowerRequest, name: string, { kept }: PowerContext): Parts {
  const isGivenUp = action === "endpoint.destroy" || action === "endpoint.release";
  if (!isGivenUp || !kept?.has(name)) throw noEndpoint(name);
  return {
    plan: [step(`forget ${name}, whose regions are gone`)],
    run: async () => {
      await kept.release(name);
      return { message: `${name} is gone: its regions were removed before` };
    },
  };
}

/** Only what is an endpoint, or was to be one, and is nobody else's in muster. */
function unlinkRegions(name: string, item: Endpoint, paths: readonly string[]): void {
  if (item.ownerPid !== null) {
    const hint = "end that process, or have it give up the endpoint";
    throw geopmError(16, `process ${item.ownerPid} of muster owns ${name}`, { code: "LOCK_HELD", target: name, hint });
  }
  try {
    const found = paths.flatMap((path) => lstatSync(path, { throwIfNoEntry: false }) ?? []);
    const isRegion = item.regionBytes !== null || found.some(({ size }) => size === 0);
    if (!isRegion || !found.every((file) => file.isFile())) {
      const hint = "remove it yourself, if it is not needed";
      throw geopmError("INVALID", `${name} is no endpoint: ${item.problems[0]?.message}`, { code: "BAD_DATA", hint });
    }
    for (const path of paths) rmSync(path, { force: true });
  } catch (thrown) {
    throw toGeopmError(thrown, name);
  }
}

export function bindEndpoint(request: PowerRequest, name: string, item: Endpoint, context: PowerContext): Parts {
  const store = storeIn(request) ?? context.storePath;
  return {
    plan: [step(`give controllers at ${name} their policies out of ${store}`)],
    run: () => {
      const kept = keeper(context.kept);
      if (!kept.has(name) && item.owned !== false) throw ownedByOther(item);
      kept.bind(name, store);
      return { message: `${name} is served from ${store}` };
    },
  };
}

function ownedByOther({ name, ownerPid }: Endpoint): GeopmError {
  const who = ownerPid === null ? "another process" : `process ${ownerPid}`;
  return geopmError(16, `${who} owns ${name}`, {
    code: "LOCK_HELD",
    target: name,
    hint: `if it is to be muster's: muster endpoints create --take-over ${name}`,
  });
}

export function unbindEndpoint(name: string, { store }: Endpoint, { kept }: PowerContext): Parts {
  return {
    plan: [step(`no longer serve ${name} from ${store}`)],
    run: async () => {
      await kept?.unbind(name);
      return { message: `${name} is no longer served; its regions stay` };
    },
  };
}

export function releaseEndpoint(name: string, { kept }: PowerContext): Parts {
  return {
    plan: [step(`give up ${name}, as it is`)],
    run: async () => {
      if (!kept?.has(name)) return { message: `${name} is not this service's`, isUnchanged: true };
      await kept.release(name);
      return { message: `${name} is left to whoever takes it over` };
    },
  };
}

function storeIn({ arguments: { policystore } }: PowerRequest): string | null {
  if (policystore === undefined) return null;
  if (typeof policystore === "string" && policystore.startsWith("/")) return policystore;
  throw usage(`${policystore} is not an absolute path`, "the service has another current directory");
}

function keeper(kept: KeptEndpoints | null): KeptEndpoints {
  if (kept) return kept;
  throw new MusterError("UNREACHABLE", "no service keeps endpoints here", {
    errno: "ENODEV",
    hint: "start it with 'muster serve'",
  });
}

const noEndpoint = (name: string) =>
  geopmError(2, `there is no endpoint ${name}`, { target: name, hint: "'muster endpoints list' shows what there is" });
