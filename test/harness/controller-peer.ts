/**
 * A controller in another process: controller-peer.ts ENDPOINT AGENT PROFILE DIRECTORY. Attaches and says "attached". Of the
 * lines it reads, "read" is answered with the policy as JSON, "sample 1,2,3" writes one, "detach" ends it.
 */
import { systemClock } from "#app/cli/system-clock.ts";
import { AGENTS } from "#core/geopm/agents.ts";
import { EndpointUser } from "#core/geopm/endpoint-user.ts";

const [name = "", agent = "", profile = "", directory = ""] = process.argv.slice(2);

async function main(): Promise<void> {
  const known = AGENTS.get(agent);
  using user = await EndpointUser.attach(name, {
    clock: systemClock,
    host: { uid: 0, cwd: directory, shmRoot: directory, runtimeRoot: `${directory}/none`, procRoot: "/proc" },
    agent,
    sizes: { policies: known?.policy.length ?? 0, samples: known?.sample.length ?? 0 },
    profile,
    hostnames: ["n1"],
    hostlist: { directory },
    timeoutSeconds: 5,
  });
  process.stdout.write("attached\n");
  for await (const line of console) {
    const [word, values = ""] = line.split(" ");
    if (word === "detach") return;
    if (word === "sample") user.writeSample(values.split(",").map(Number));
    const policy = [...user.readPolicy().values].map((value) => (Number.isNaN(value) ? null : value));
    process.stdout.write(`${JSON.stringify(policy)}\n`);
  }
}

await main();
