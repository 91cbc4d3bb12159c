/** What the programs of this group share: where endpoints are, and who the sides are. */
import { systemClock } from "#app/cli/system-clock.ts";
import { Endpoint, type EndpointHost } from "#core/geopm/endpoint.ts";
import { EndpointUser } from "#core/geopm/endpoint-user.ts";
import type { EndpointWaits } from "#core/geopm/waits.ts";

const host: EndpointHost = {
  uid: process.getuid?.() ?? 0,
  cwd: process.cwd(),
  shmRoot: "/dev/shm",
  runtimeRoot: "/run/user",
  procRoot: "/proc",
};

export const endpointAt = (name: string, waits: EndpointWaits): Endpoint =>
  new Endpoint(name, { clock: systemClock, host, waits });

export function attachTo(
  name: string,
  agent: string,
  sizes: { policies: number; samples: number },
  directory: string,
): Promise<EndpointUser> {
  return EndpointUser.attach(name, {
    clock: systemClock,
    host,
    agent,
    sizes,
    profile: "bench",
    hostnames: ["localhost"],
    hostlist: { directory },
    timeoutSeconds: 10,
  });
}
