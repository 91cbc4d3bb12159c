/**
 * Another process at a policy store: store-peer.ts PATH. Does what the lines of its input ask, one after the other, and says
 * "done" after each: SQL, or "set AGENT PROFILE ROUNDS", which stores the round as the policy that many times.
 */
import Database from "better-sqlite3";
import { PolicyStore } from "#core/geopm/policy-store.ts";

const [path = ""] = process.argv.slice(2);
const database = new Database(path, { timeout: 10_000 });

function perform(line: string): void {
  const [word = "", agent = "", profile = "", rounds = ""] = line.split(" ");
  if (word !== "set") {
    database.exec(line);
    return;
  }
  using store = new PolicyStore(path, { busyMs: 10_000 });
  for (let round = 1; round <= Number(rounds); round++) store.setBest(agent, profile, [round]);
}

async function main(): Promise<void> {
  process.stdout.write("ready\n");
  for await (const line of console) {
    perform(line);
    process.stdout.write("done\n");
  }
}

await main();
