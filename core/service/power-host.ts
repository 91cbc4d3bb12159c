/** Where endpoints and the policy store of this machine, or of another tree, are. */
import { join } from "node:path";
import type { EndpointHost } from "#core/geopm/endpoint.ts";
import type { Environment } from "#core/model/environment.ts";
import type { GeopmSettings } from "#core/model/geopm-settings.ts";

/** A service has no directory of its own: names that are relative to one are resolved by whoever typed them. */
export function powerHost({ root, procRoot, uid }: Environment, cwd = "/"): EndpointHost {
  return { uid, cwd, shmRoot: `${root}/dev/shm`, runtimeRoot: `${root}/run/user`, procRoot };
}

export const policyStorePath = ({ stateDirectory }: Environment, { policyStore }: GeopmSettings): string =>
  policyStore ?? join(stateDirectory, "policystore.db");
