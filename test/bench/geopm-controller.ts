/**
 * A controller in a process of its own: geopm-controller.ts DIRECTORY. For each endpoint named on a line it attaches, says
 * how many milliseconds after it had attached a new policy was there, and detaches.
 */
import { createInterface } from "node:readline";
import { monotonicMs } from "./clocks.ts";
import { attachTo } from "./geopm-room.ts";

const [directory = ""] = process.argv.slice(2);
const LONGEST_MS = 10_000;

for await (const name of createInterface({ input: process.stdin })) {
  using user = await attachTo(name, "power_governor", { policies: 1, samples: 3 }, directory);
  const attachedMs = monotonicMs();
  const policy = new Float64Array(1);
  for (;;) {
    // Older than the attachment: of the controller before.
    const ageMs = user.readPolicyInto(policy) * 1000;
    const waitedMs = monotonicMs() - attachedMs;
    if (ageMs < waitedMs || waitedMs > LONGEST_MS) break;
  }
  process.stdout.write(`${monotonicMs() - attachedMs}\n`);
}
