/**
 * For a pid namespace of its own, root only: a process of an earlier run is adopted, ends, and its number is given to one that
 * is started before the loop has heard of that. Prints what the table told of both.
 */
import { writeFileSync } from "node:fs";
import { systemClock } from "#app/cli/system-clock.ts";
import { ProcessTable } from "#core/pmdaroot/process-table.ts";
import { PidFd } from "#ffi/pidfd.ts";
import { spawnChild } from "#ffi/spawn.ts";

const told: unknown[] = [];
const starter = { uid: 0, pid: 1 };
const variables = { PATH: "/usr/bin:/bin" };
const onChange = ({ label, endedAtMs }: { label: string; endedAtMs: number | null }) =>
  told.push([label, endedAtMs === null ? "runs" : "has ended"]);
const table = new ProcessTable({ variables, clock: systemClock, log: console.error, onChange });

const earlier = spawnChild({ file: "/bin/sleep", argv: ["sleep", "1000"], env: {}, stdio: ["null", "null", "null"] });
const { pid } = earlier;
const pidfd = PidFd.open(pid);
if (pidfd === null) throw new Error(`process ${pid} is gone`);
const times = { startTicks: "1", startedAtMs: 0, endedAtMs: null };
const row = { ...times, pid, label: "earlier", commandLine: "sleep", starter, status: null, isTold: false };
table.adopt({ pidfd, row, starter: null });

earlier.pidfd.sendSignal(15);
earlier.pidfd.waitSync(-1);
earlier.pidfd.reap();
writeFileSync("/proc/sys/kernel/ns_last_pid", String(pid - 1));
const started = table.start(starter, "later", "sleep 1000", 0);
table.terminate(started.pid);
using held = PidFd.open(started.pid);
await held?.exited();
process.stdout.write(JSON.stringify({ isSame: started.pid === pid, end: table.waitFor(starter, pid).code, told }));
process.exit(0);
