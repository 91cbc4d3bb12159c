/** Keeps a process set in a process of its own: set-keeper.ts DIRECTORY [hold|add PID|fill]. Says a word when it is done. */
import { systemClock } from "#app/cli/system-clock.ts";
import { PSM_DEFAULTS } from "#core/model/psm-settings.ts";
import { hostExitSources } from "#core/psm/exit-sources.ts";
import { ProcessSet } from "#core/psm/set.ts";
import { PsmError } from "#core/psm/status.ts";

const [stateDirectory = "", what = "", pid = ""] = process.argv.slice(2);

function say(word: string): void {
  process.stdout.write(`${word}\n`);
}

function main(): void {
  const set = ProcessSet.open({
    node: "n1",
    stateDirectory,
    procRoot: "/proc",
    clock: systemClock,
    settings: { ...PSM_DEFAULTS, catMax: 1e6 },
    exits: hostExitSources("/proc", 100),
    onChange: () => {},
    onProblem: (message) => say(`problem ${message}`),
    onRepaired: (message) => say(`repaired ${message}`),
  });
  if (!set) {
    say("kept by another");
    return;
  }
  if (what === "add") set.memadd("web", Number(pid));
  if (what === "fill") {
    fill(set);
    return;
  }
  say("kept");
  // Until it is killed.
  setInterval(() => {}, 1000);
}

/** Adds categories until the disk is full, and tells how many the set says it has. */
function fill(set: ProcessSet): void {
  for (let index = 0; ; index++) {
    try {
      set.catadd(`category ${index}`);
    } catch (thrown) {
      if (!(thrown instanceof PsmError)) throw thrown;
      say(`${thrown.errno} ${set.catget(null).length}`);
      set.close();
      return;
    }
  }
}

main();
