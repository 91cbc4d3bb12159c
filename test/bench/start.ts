/** Group start: commands and the console from exec on, cold in the sense that every one is a new process. */
import { join } from "node:path";
import { Journal } from "#core/journal/journal.ts";
import { type Bench, count } from "./bench.ts";
import { type Command, run, timed } from "./command.ts";
import { type Muster, musterHome, musters } from "./muster.ts";
import { startPm2, startSupervisor } from "./peers.ts";
import { startPromptDaemon } from "./prompt-daemon.ts";
import { PseudoTerminal } from "./pseudo-terminal.ts";
import { comparison, distribution } from "./rows.ts";
import { inTurns } from "./turns.ts";

const LIST_MOST = 0.2;
const CHECK_MOST = 2;
const FIRST_FRAME_MS = { checkout: 250, built: 150 };
const SIZE = { columns: 80, rows: 24 };

/** What nothing that runs on Bun can be faster than. */
const BASELINE = { name: "bun -e 0", run: () => timed({ argv: [process.execPath, "-e", "0"] }) };

/** One declared daemon that runs, and a journal: what the peers have too. */
interface Home {
  readonly pidFile: string;
  readonly variables: Readonly<Record<string, string>>;
}

export async function start(bench: Bench): Promise<void> {
  const home = await makeHome(bench);
  const runners = musters(bench);
  await list(bench, home, runners);
  await bareList(bench, runners);
  await check(bench, home, runners);
  await firstFrame(bench, home, runners);
}

async function makeHome(bench: Bench): Promise<Home> {
  const directory = bench.keeper.directory();
  const pidFile = join(directory, "bench.pid");
  await startPromptDaemon(bench.keeper, { pidFile, delayMs: 0, clears: true });
  const config = `discover = ["${directory}"]\n[daemon.bench]\npid_file = "${pidFile}"\ncommand = ["sleep", "infinity"]\n`;
  const variables = musterHome(join(directory, "home"), config);
  Journal.open(join(directory, "home/state/journal.db"), "bench", Date.now()).close();
  return { pidFile, variables };
}

async function list(bench: Bench, { variables }: Home, runners: readonly Muster[]): Promise<void> {
  const ours = runners.map((muster) => ({
    name: muster.name,
    command: { argv: [...muster.argv, "daemons", "list", "--json"], variables },
  }));
  const peers = [
    { name: "pm2 jlist", command: startPm2(bench) },
    { name: "supervisorctl status", command: await startSupervisor(bench) },
  ].flatMap(({ name, command }) => (command ? [{ name, command }] : []));
  for (const { command } of [...ours, ...peers]) mustName(command, "bench");

  const commands = [...ours, ...peers];
  const runs = Object.fromEntries(commands.map(({ name, command }) => [name, () => timed(command)]));
  const samples = await inTurns(count(bench, 25, 3), 2, runs);
  for (const { name } of ours) {
    for (const peer of peers) {
      const what = `daemons list --json, ${name}`;
      const theirs = { name: peer.name, samples: samples[peer.name] ?? [] };
      bench.add(comparison(what, "ms", samples[name] ?? [], theirs, { most: LIST_MOST }));
    }
    if (peers.length === 0) bench.add(distribution(`daemons list --json, ${name}`, "ms", samples[name] ?? [], null));
  }
}

/** Nothing declared and no journal: neither the parser of the configuration nor SQLite is loaded. */
async function bareList(bench: Bench, runners: readonly Muster[]): Promise<void> {
  const directory = bench.keeper.directory();
  // No MUSTER_CONFIG: naming a file that is not there would be a problem to report.
  const variables = { ...musterHome(directory, null), XDG_CONFIG_HOME: directory };
  const runs: Record<string, () => number> = { [BASELINE.name]: BASELINE.run };
  for (const { name, argv } of runners) {
    const command = { argv: [...argv, "daemons", "list", "--json"], variables };
    runs[name] = () => timed(command);
  }
  const samples = await inTurns(count(bench, 25, 3), 2, runs);
  for (const { name } of runners) {
    const peer = { name: BASELINE.name, samples: samples[BASELINE.name] ?? [] };
    bench.add(comparison(`daemons list --json, bare, ${name}`, "ms", samples[name] ?? [], peer));
  }
}

/** A list without the one thing in it is no list. */
function mustName(command: Command, name: string): void {
  const output = run(command).stdout.toString();
  if (!output.includes(name)) throw new Error(`${command.argv.join(" ")} does not list ${name}: ${output}`);
}

async function check(bench: Bench, { pidFile, variables }: Home, runners: readonly Muster[]): Promise<void> {
  const runs: Record<string, () => number> = { [BASELINE.name]: BASELINE.run };
  for (const { name, argv } of runners) {
    const command = { argv: [...argv, "daemons", "control", "--check", "--pid-file", pidFile], variables };
    runs[name] = () => timed(command);
  }
  const samples = await inTurns(count(bench, 60, 5), 3, runs);
  for (const { name } of runners) {
    const peer = { name: BASELINE.name, samples: samples[BASELINE.name] ?? [] };
    bench.add(comparison(`control --check, ${name}`, "ms", samples[name] ?? [], peer, { most: CHECK_MOST }));
  }
}

async function firstFrame(bench: Bench, { variables }: Home, runners: readonly Muster[]): Promise<void> {
  const runs: Record<string, () => Promise<number>> = {};
  for (const { name, argv } of runners) {
    runs[name] = async () => {
      const terminal = new PseudoTerminal(bench.keeper, argv, variables, SIZE);
      const isFrame = (lines: readonly string[]) => lines.some((line) => /\bNAME\b.*\bSTATE\b/.test(line));
      const shownMs = await terminal.until("first frame", isFrame);
      await terminal.close();
      return shownMs - terminal.startedMs;
    };
  }
  const samples = await inTurns(count(bench, 20, 3), 2, runs);
  for (const { name } of runners) {
    const limit = { of: "p50", most: FIRST_FRAME_MS[name] } as const;
    bench.add(distribution(`first console frame, ${name}`, "ms", samples[name] ?? [], limit));
  }
}
