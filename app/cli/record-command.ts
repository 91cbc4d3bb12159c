/** `record`: what a service says, kept as a fixture. */
import type { CommandSpec } from "./specification.ts";

export const RECORD: CommandSpec = {
  name: "record",
  summary: "record what the service says as a fixture, to be played, tested with or sent",
  description:
    "The recording begins with all that is known and ends on Ctrl-C, SIGTERM or after --for; 'muster play' plays it. The " +
    "file is for its owner alone; a name that ends in .gz is packed. Secrets on command lines are taken out by pattern, the " +
    "environment of processes is never in it, and its header says what was taken out. With --last nothing is written " +
    "before the end but on SIGUSR1, each time to a file of its own with the time in its name. With --keys the console " +
    "opens and is recorded with all that is pressed: what is typed there is in the file too.",
  arguments: [
    {
      name: "FILE",
      summary: "where to, such as night.muster.ndjson",
      isRequired: true,
      isRepeatable: false,
      of: "files",
    },
  ],
  options: [
    { name: "for", type: "duration", value: "TIME", summary: "so long: 30s, 10m" },
    { name: "last", type: "duration", value: "TIME", summary: "keep only the last so long, in memory" },
    { name: "keys", type: "flag", summary: "open the console, and record what is pressed in it" },
    { name: "kinds", type: "text", value: "KIND,...", summary: "only these kinds" },
    {
      name: "redact",
      type: "text",
      value: "WHAT,...",
      summary: "take out argv (all arguments), hosts (names and addresses), users",
    },
    { name: "keep-argv", type: "flag", summary: "leave command lines as they are, secrets too" },
    {
      name: "max-size",
      type: "text",
      value: "SIZE",
      summary: "end when the file is so large: 100M, 2G; with --last: of what is kept, 64M if left out",
    },
    { name: "force", type: "flag", summary: "replace the file if it is there" },
  ],
  examples: [
    { line: "muster record night.muster.ndjson --for 10m", tells: "ten minutes" },
    { line: "muster record night.muster.ndjson.gz --redact hosts,users", tells: "to send it" },
    { line: "muster record crash.muster.ndjson --last 10m", tells: "until it is stopped, and only the end of it" },
  ],
  exits: [0, 2, 64, 74, 75, 77, 78],
};
