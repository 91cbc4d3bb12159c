/** The processes offered for choice. */
import { expect, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { systemClock } from "#app/cli/system-clock.ts";
import { readProcesses } from "#core/service/processes.ts";
import { TemporaryDirectory } from "#test/harness/directory.ts";

/** A /proc of our own: kernel thread, zombie, one whose files are gone, one without arguments. */
function tree(path: string): void {
  const stat = (pid: number, comm: string, state: string, flags: number) =>
    `${pid} (${comm}) ${state} 1 ${pid} ${pid} 0 -1 ${flags} 0 0 0 0 1 1 0 0 20 0 1 0 4711 0 100 0\n`;
  const write = (pid: number, files: Record<string, string>) => {
    mkdirSync(join(path, String(pid)));
    for (const [name, text] of Object.entries(files)) writeFileSync(join(path, String(pid), name), text);
  };
  write(30, {
    stat: stat(30, "web) x", "S", 0),
    cmdline: "web\0--port\0" + "80\0\0",
    status: "Uid:\t4242\t4243\t0\t0\n",
  });
  write(4, { stat: stat(4, "idle", "S", 0), cmdline: "", status: "Uid:\t0\t0\t0\t0\n" });
  write(2, { stat: stat(2, "kthreadd", "S", 0x0020_0000), cmdline: "", status: "Uid:\t0\t0\t0\t0\n" });
  write(5, { stat: stat(5, "gone", "Z", 0), cmdline: "", status: "" });
  write(6, {});
  mkdirSync(join(path, "sys"));
}

test("pid, identity, user and command, in the order of pids; no zombies, no kernel threads unless asked", async () => {
  using directory = new TemporaryDirectory();
  tree(directory.path);
  const rows = await readProcesses(directory.path, systemClock, {});
  expect(rows).toEqual([
    { pid: 4, identity: "4:4711", uid: 0, user: "root", command: "[idle]" },
    { pid: 30, identity: "30:4711", uid: 4243, user: "4243", command: "web --port 80" },
  ]);
  const all = await readProcesses(directory.path, systemClock, { kernel: true });
  expect(all.map(({ pid }) => pid)).toEqual([2, 4, 30]);
  expect(JSON.parse(JSON.stringify(all))).toEqual(all);
});

test("this very process is among those of the machine", async () => {
  const rows = await readProcesses("/proc", systemClock, {});
  expect(rows.find(({ pid }) => pid === process.pid)?.uid).toBe(process.geteuid?.() ?? 0);
});
