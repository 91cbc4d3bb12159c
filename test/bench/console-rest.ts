/** What the console costs when nothing happens, beside htop at the same interval on a terminal of the same size. */
import { type Bench, count } from "./bench.ts";
import { cpuMs, monotonicMs } from "./clocks.ts";
import { findPeer } from "./peers.ts";
import { PseudoTerminal, type Size } from "./pseudo-terminal.ts";
import { figure } from "./rows.ts";

/** htop counts in tenths of a second; muster looks at the rows on its screen once a second. */
const ONE_SECOND = ["-d", "10"];
const MOST_BYTES = 0;

export async function atRest(bench: Bench, terminal: PseudoTerminal, size: Size): Promise<void> {
  const peer = await openHtop(bench, size);
  const durationMs = count(bench, 10_000, 3000);
  const seconds = durationMs / 1000;
  const before = { atMs: monotonicMs(), bytes: terminal.bytes, ours: cpuMs(terminal.pid), theirs: peer?.cpu() ?? 0 };
  await Bun.sleep(durationMs);
  const elapsed = monotonicMs() - before.atMs;
  const percent = (nowMs: number, beforeMs: number) => ((nowMs - beforeMs) * 100) / elapsed;
  const written = terminal.bytes - before.bytes;
  const ours = percent(cpuMs(terminal.pid), before.ours);
  const theirs = peer ? { name: "htop -d 10", value: percent(peer.cpu(), before.theirs) } : null;
  bench.add(figure(`bytes written in ${seconds} s at rest`, "bytes", written, { most: MOST_BYTES }));
  bench.add(figure("CPU at rest", "%", ours, {}, theirs));
  await terminal.close();
  await peer?.close();
}

async function openHtop(bench: Bench, size: Size) {
  const htop = findPeer(bench, "htop", "apt-get install htop");
  if (htop === null) return null;
  const terminal = new PseudoTerminal(bench.keeper, [htop, ...ONE_SECOND], {}, size);
  await terminal.until("htop's list", (lines) => lines.some((line) => line.includes("PID")));
  return { cpu: () => cpuMs(terminal.pid), close: () => terminal.close() };
}
