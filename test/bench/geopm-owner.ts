/** Owns endpoints in a process of its own and answers each controller with a policy: geopm-owner.ts PREFIX COUNT. */
import { systemClock } from "#app/cli/system-clock.ts";
import { EndpointWaits } from "#core/geopm/waits.ts";
import { endpointAt } from "./geopm-room.ts";

const [prefix = "", count = "1"] = process.argv.slice(2);
const waits = new EndpointWaits(systemClock);

async function serve(name: string): Promise<void> {
  using endpoint = endpointAt(name, waits);
  endpoint.open();
  process.once("exit", () => endpoint.close());
  for (;;) {
    await endpoint.waitForAgentAttach(-1);
    endpoint.writePolicy([150]);
    await endpoint.waitForAgentDetach(-1);
  }
}

const served = Array.from({ length: Number(count) }, (_, index) => serve(`${prefix}${index}`));
process.on("SIGTERM", () => process.exit(0));
process.stdout.write("serves\n");
await Promise.all(served);
