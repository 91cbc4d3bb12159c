/**
 * bun run bench [GROUP...] [--quick] [--long] [--json] [--install-peers]: what muster costs, beside its peers.
 * Exit 0 also when a target is missed, for a busy machine is no defect; 1 when something could not be measured.
 */
import { cpus, loadavg, release } from "node:os";
import { parseArgs } from "node:util";
import type { Bench, Group, Settings } from "./bench.ts";
import { console, memory } from "./console.ts";
import { control } from "./control.ts";
import { endpoint } from "./geopm-endpoint.ts";
import { policies } from "./geopm-store.ts";
import { jobs } from "./jobs.ts";
import { Keeper } from "./keeper.ts";
import { observe } from "./observe.ts";
import { play } from "./play.ts";
import { pmdaroot } from "./pmdaroot.ts";
import { psm } from "./psm.ts";
import { record } from "./record.ts";
import type { Row } from "./rows.ts";
import { start } from "./start.ts";
import { stop } from "./stop.ts";
import { tableText } from "./table.ts";

const GROUPS: Readonly<Record<string, Group>> = {
  start,
  control,
  stop,
  observe,
  psm,
  jobs,
  endpoint,
  policies,
  pmdaroot,
  console,
  memory,
  record,
  play,
};

const USAGE = `usage: bun run bench [GROUP...] [--quick] [--long] [--json] [--install-peers]
groups: ${Object.keys(GROUPS).join(", ")}
`;

async function main(argv: readonly string[]): Promise<number> {
  const parsed = parse(argv);
  const names = parsed?.positionals.length ? parsed.positionals : Object.keys(GROUPS);
  if (!parsed || names.some((name) => !(name in GROUPS))) {
    process.stderr.write(USAGE);
    return 2;
  }
  const { quick = false, long = false, json = false, "install-peers": installsPeers = false } = parsed.values;
  const settings: Settings = { isQuick: quick, isLong: long, installsPeers };
  const machine = describeMachine();
  const rows: Row[] = [];
  const missing = new Map<string, string>();
  let failures = 0;
  for (const name of names) {
    const from = rows.length;
    if (!(await runGroup(name, settings, rows, missing))) failures++;
    if (!json) process.stdout.write(`${name}\n${tableText(rows.slice(from))}\n`);
  }
  if (json) process.stdout.write(`${JSON.stringify({ machine, rows, missing: Object.fromEntries(missing) })}\n`);
  else process.stdout.write(closing(machine, rows, missing));
  return failures === 0 ? 0 : 1;
}

function parse(argv: readonly string[]) {
  const option = { type: "boolean" } as const;
  const options = { quick: option, long: option, json: option, "install-peers": option };
  try {
    return parseArgs({ args: [...argv], options, allowPositionals: true });
  } catch {
    return null;
  }
}

async function runGroup(name: string, settings: Settings, rows: Row[], missing: Map<string, string>): Promise<boolean> {
  const keeper = new Keeper();
  const leave = (code: number) => () => {
    keeper.release();
    process.exit(code);
  };
  const onInterrupt = leave(130);
  const onTerminate = leave(143);
  process.on("SIGINT", onInterrupt).on("SIGTERM", onTerminate).on("SIGHUP", onTerminate);
  const bench: Bench = {
    settings,
    keeper,
    add: (line) => rows.push({ group: name, ...line }),
    missing: (what, how) => missing.set(what, how),
  };
  try {
    await GROUPS[name]?.(bench);
    return true;
  } catch (thrown) {
    process.stderr.write(`bench: ${name}: ${thrown instanceof Error ? thrown.stack : thrown}\n`);
    return false;
  } finally {
    keeper.release();
    process.off("SIGINT", onInterrupt).off("SIGTERM", onTerminate).off("SIGHUP", onTerminate);
  }
}

/** As it is before anything is measured: what else keeps it busy is in the load. */
function describeMachine() {
  const [load = 0] = loadavg();
  return {
    processor: cpus()[0]?.model ?? "",
    cores: cpus().length,
    kernel: release(),
    bun: Bun.version,
    load: Number(load.toFixed(1)),
  };
}

function closing(
  machine: ReturnType<typeof describeMachine>,
  rows: readonly Row[],
  missing: ReadonlyMap<string, string>,
): string {
  const over = rows.filter((row) => row.isMet === false);
  const met = rows.filter((row) => row.isMet === true).length;
  const lines = [
    "four numbers are p50 / p95 / p99 / max, one beside a peer is a median; ratio: muster / peer",
    `machine: ${machine.cores} x ${machine.processor}, Linux ${machine.kernel}, Bun ${machine.bun}, load ${machine.load}`,
    ...[...missing].map(([what, how]) => `missing: ${what}; to compare with it: ${how}`),
    ...over.map((row) => `OVER: ${row.group}: ${row.what}`),
    `${met} within their target, ${over.length} over`,
  ];
  return `${lines.join("\n")}\n`;
}

main(process.argv.slice(2)).then(
  (code) => process.exit(code),
  (thrown) => {
    process.stderr.write(`bench: ${thrown instanceof Error ? thrown.stack : thrown}\n`);
    process.exit(1);
  },
);
