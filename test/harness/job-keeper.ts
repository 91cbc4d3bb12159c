/** Keeps jobs in a process of its own: job-keeper.ts DIRECTORY GROUP cgroup|tracker PID... Says a word when each is in a job. */
import { systemClock } from "#app/cli/system-clock.ts";
import { JOB_DEFAULTS } from "#core/model/pagg-settings.ts";
import { JobSet } from "#core/pagg/job/set.ts";

const [stateDirectory = "", cgroup = "", containment = "", ...pids] = process.argv.slice(2);

function main(): void {
  const set = JobSet.open({
    node: "n1",
    stateDirectory,
    procRoot: "/proc",
    uid: process.getuid?.() ?? -1,
    clock: systemClock,
    settings: { ...JOB_DEFAULTS, cgroup },
    useGroups: containment === "cgroup",
    onChange: () => {},
    onProblem: (message) => process.stdout.write(`problem ${message}\n`),
  });
  if (!set) {
    process.stdout.write("kept by another\n");
    return;
  }
  for (const pid of pids) set.create({ pid: Number(pid), uid: 7 });
  // Members of a tracker's jobs are written a second later.
  setTimeout(() => process.stdout.write("kept\n"), containment === "cgroup" ? 0 : 1500);
  // Until it is killed.
  setInterval(() => {}, 1000);
}

main();
