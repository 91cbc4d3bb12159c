/** The commands of fixtures: playing them, and what their authors need. */
import type { CommandSpec, OptionSpec } from "./specification.ts";

const FILE = {
  name: "FILE",
  summary: "a fixture (*.muster.ndjson)",
  isRequired: true,
  isRepeatable: false,
  of: "files",
} as const;

const FROM: OptionSpec = { name: "from", type: "text", value: "PLACE", summary: "begin here: mark:NAME, 00:42 or 42s" };
const TO: OptionSpec = { name: "to", type: "text", value: "PLACE", summary: "end here" };
const OUTPUT: OptionSpec = {
  name: "output",
  short: "o",
  type: "path",
  value: "FILE",
  summary: "write there, packed if its name ends in .gz; the default is standard output",
};

const PLAY: CommandSpec = {
  name: "play",
  summary: "play a fixture in the console",
  description:
    "A fixture is what the sources said, what the operator pressed and what was expected, on a clock of its own. It plays " +
    "in the real console, and nothing of it can reach a machine. Ctrl-P, then: Space pauses and goes on, . and , next and " +
    "previous record, ] and [ next and previous mark, > and < faster and slower, g go to a time or mark, Home and End, t " +
    "take over, Esc leaves. With --assert or --json it plays on a screen of its own, as fast as it goes.",
  arguments: [FILE],
  options: [
    { name: "assert", type: "flag", summary: "stop at the first expectation that is not met, tell it, and exit 1" },
    {
      name: "out",
      type: "path",
      value: "DIR",
      summary: "leave there what led to a failure: what was drawn (.cast) and the records (.muster.ndjson)",
    },
    {
      name: "speed",
      type: "text",
      value: "N",
      default: "1",
      summary: "so many times as fast, from 0.25 to 64, or max: as fast as it goes",
    },
    FROM,
    TO,
    { name: "step", type: "flag", summary: "stand still at each record" },
    { name: "loop", type: "flag", summary: "begin again at the end" },
    { name: "no-keys", type: "flag", summary: "only what the sources said; nothing is pressed or expected" },
    { name: "idle-limit", type: "duration", value: "SECONDS", summary: "no pause is longer" },
    {
      name: "size",
      type: "text",
      value: "COLSxROWS",
      summary: "of the screen; the default is the fixture's, else 80x24",
    },
    { name: "update-golden", type: "flag", summary: "keep the screens as they are now as those that are expected" },
    {
      name: "screen-reader",
      type: "flag",
      summary: "write what the console says to a screen reader, line by line; with --assert a failure is told with it",
      variable: "INK_SCREEN_READER=true",
    },
    { name: "export", type: "path", value: "FILE.cast", summary: "write what is drawn as an asciicast" },
    {
      name: "cast-version",
      type: "choice",
      value: "N",
      choices: ["2", "3"],
      default: "3",
      summary: "version of the asciicast format",
    },
  ],
  examples: [
    { line: "muster play night.muster.ndjson", tells: "watch it" },
    { line: "muster play night.muster.ndjson --assert", tells: "as a test" },
    { line: "muster play night.muster.ndjson --export night.cast", tells: "for those without muster" },
  ],
  exits: [0, 1, 2, 64, 65, 70, 74, 130],
  ownExits: { 1: "an expectation is not met" },
};

export const PLAYBACK: readonly CommandSpec[] = [
  PLAY,
  {
    name: "fixture fmt",
    summary: "a fixture in its usual form: one order of keys, times as distances",
    arguments: [FILE],
    options: [OUTPUT],
    examples: [{ line: "muster fixture fmt a.muster.ndjson -o a.muster.ndjson", tells: "in place" }],
    exits: [0, 64, 65, 74],
  },
  {
    name: "fixture lint",
    summary: "every mistake of a fixture, with file, record and field",
    arguments: [{ ...FILE, isRepeatable: true }],
    options: [],
    examples: [{ line: "muster fixture lint fixtures/*.muster.ndjson", tells: "all of them" }],
    exits: [0, 64, 65, 74],
  },
  {
    name: "fixture cut",
    summary: "part of a fixture; it begins with what was known at that moment, where the operator was",
    description:
      "The sources, the switches, the size of the terminal, the pane, and of each pane its filter, the selected line and " +
      "whether its detail is open are as they were. An open dialog and what was asked for before are not carried over.",
    arguments: [FILE],
    options: [FROM, TO, OUTPUT],
    examples: [
      { line: "muster fixture cut night.muster.ndjson --from mark:lost --to 00:42", tells: "the part that matters" },
    ],
    exits: [0, 64, 65, 74],
  },
  {
    name: "fixture redact",
    summary: "a fixture without what must not leave the house",
    description:
      "Secrets are taken out by pattern, of command lines and of all else (passwords, PINs, tokens and keys, and what " +
      "--pattern says), names of hosts with their addresses, and of users, are replaced, each by the same word everywhere, where that is asked for. The header tells what " +
      "was taken out. Keys that were typed are left as they are, and told of.",
    arguments: [FILE],
    options: [
      { name: "pattern", type: "text", value: "REGEX", summary: "what fits it is taken out of every text too" },
      { name: "argv", type: "flag", summary: "take out all arguments of commands" },
      { name: "hosts", type: "flag", summary: "replace names of hosts, and addresses (IPv4, IPv6, MAC)" },
      { name: "users", type: "flag", summary: "replace names of users" },
      OUTPUT,
    ],
    examples: [{ line: "muster fixture redact night.muster.ndjson --hosts -o out.muster.ndjson", tells: "to send it" }],
    exits: [0, 64, 65, 74],
  },
];
