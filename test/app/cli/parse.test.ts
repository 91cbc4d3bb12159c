import { expect, test } from "bun:test";
import fc from "fast-check";
import { COMMANDS, GROUPS } from "#app/cli/commands.ts";
import { HANDLERS } from "#app/cli/handlers.ts";
import { parseDuration } from "#app/cli/option-values.ts";
import { GLOBAL_OPTIONS } from "#app/cli/options.ts";
import { checkCompleteness, parseCommandLine, wantsJson } from "#app/cli/parse.ts";
import { nearest } from "#app/cli/suggest.ts";
import { ACTION_LIST } from "#core/act/actions.ts";
import { MusterError } from "#core/model/error.ts";

function parse(line: string) {
  const invocation = parseCommandLine(line.split(" ").filter((word) => word !== ""));
  checkCompleteness(invocation);
  return invocation;
}

function mistake(line: string): string {
  try {
    parse(line);
    return "no mistake";
  } catch (thrown) {
    if (!(thrown instanceof MusterError)) throw thrown;
    expect(thrown.code).toBe("USAGE");
    return thrown.hint === null ? thrown.message : `${thrown.message} | ${thrown.hint}`;
  }
}

test("the table: every command has code behind it, and every code a command", () => {
  const named = COMMANDS.map((command) => command.name);
  expect(named).toEqual(expect.arrayContaining(Object.keys(HANDLERS)));
  // A verb of the action table has code of its own or that of all of them.
  for (const { name, action } of COMMANDS) expect(action !== undefined || Object.hasOwn(HANDLERS, name)).toBe(true);
  expect(COMMANDS.flatMap((command): string[] => (command.action ? [command.action] : [])).sort()).toEqual(
    ACTION_LIST.map(({ id }) => id).sort(),
  );
  for (const { standsFor } of Object.values(GROUPS)) expect(named).toContain(standsFor);
});

test("the table: one name of an option means one thing everywhere", () => {
  const types = new Map<string, string>();
  for (const option of [...GLOBAL_OPTIONS, ...COMMANDS.flatMap((command) => command.options)]) {
    const shape = `${option.type} ${option.short ?? ""}`;
    expect(types.get(option.name) ?? shape).toBe(shape);
    types.set(option.name, shape);
    expect(option.type === "flag" || option.value !== undefined).toBe(true);
  }
});

test("words, options before, between and behind them", () => {
  const { command, words, options } = parse("--read-only daemons -q stop web --timeout 1m db --yes");
  expect(command.name).toBe("daemons stop");
  expect(words).toEqual(["web", "db"]);
  expect(options.number("timeout")).toBe(60);
  expect(options.has("yes") && options.has("quiet") && options.has("read-only")).toBe(true);
});

test("--json takes fields only behind an equals sign", () => {
  expect(parse("daemons get --json web").words).toEqual(["web"]);
  expect(parse("daemons get --json=name,pid web").options.text("json")).toBe("name,pid");
});

test("a value may begin with one minus, not with two", () => {
  expect(parse("daemons list --sort -pid").options.text("sort")).toBe("-pid");
  expect(mistake("daemons list --sort --json")).toBe("--sort needs a value: --sort F,-G");
});

test("`daemons` alone is its list, and nothing alone is the console", () => {
  expect(parse("daemons")).toMatchObject({ command: { name: "daemons list" }, group: "daemons" });
  expect(parse("").command.name).toBe("");
});

test("behind `control` everything is left alone; options before it are ours", () => {
  const { words, options } = parse("--read-only daemons control --check --json --nope -- a --help");
  expect(words).toEqual(["--check", "--json", "--nope", "--", "a", "--help"]);
  expect(options.has("read-only")).toBe(true);
  expect(options.has("json") || options.has("help")).toBe(false);
});

test("behind -- everything belongs to the command that is to be run", () => {
  const { words, options } = parse("daemons run --pid-file /run/x.pid -- web --json -f daemons");
  expect(words).toEqual(["web", "--json", "-f", "daemons"]);
  expect(options.has("json")).toBe(false);
});

test.each([
  ["deamons", "'deamons' is not a command of muster | did you mean 'daemons'?"],
  ["daemons lst", "'lst' is not a command of daemons | did you mean 'list'?"],
  ["daemons lis", "'lis' is not a command of daemons | did you mean 'list'?"],
  ["constructor", /^'constructor' is not a command of muster \| commands: /],
  ["list", /^'list' is not a command of muster/],
  ["daemons list --jsno", "daemons list does not take the option --jsno | did you mean '--json'?"],
  ["daemons list --yes", "daemons list does not take the option --yes | see 'muster help daemons list'"],
  ["daemons list --js", /^daemons list does not take the option --js/],
  ["daemons list -x", /^daemons list does not take the option -x/],
  ["daemons list --limit", "--limit needs a value: --limit N"],
  ["daemons list --limit=", "--limit needs a value: --limit N"],
  ["daemons list --limit -1", "--limit needs a whole number, not '-1'"],
  ["daemons list --limit 1.5", "--limit needs a whole number, not '1.5'"],
  ["daemons list --json=", "--json= names no fields"],
  ["daemons list --strict=1", "--strict takes no value"],
  ["daemons list --color sometimes", /^--color cannot be 'sometimes' \| choices: auto/],
  ["daemons list --color nevr", "--color cannot be 'nevr' | did you mean 'never'?"],
  ["daemons list web", "daemons list does not take the argument 'web'"],
  ["daemons stop --timeout soon web", "--timeout needs a time such as 30, 500ms or 10m, not 'soon'"],
  ["daemons stop", "daemons stop needs NAME"],
  ["daemons signal web", "daemons signal needs --signal SIGNAL"],
  ["daemons run -- web", "daemons run needs --pid-file FILE"],
  ["daemons run --pid-file /x web", "daemons run needs -- before the command to run"],
  ["daemons run --pid-file /x --", "daemons run needs CMD"],
  ["completions", "completions needs SHELL"],
  ["schema a b", "schema does not take the argument 'b'"],
  ["snapshot x", "snapshot does not take the argument 'x'"],
])("%s", (line, expected) => {
  const message = mistake(line);
  if (typeof expected === "string") expect(message).toBe(expected);
  else expect(message).toMatch(expected);
});

test("no command line whatever gives anything but a command or a USAGE error", () => {
  const options = COMMANDS.flatMap((command) => command.options.map((option) => `--${option.name}`));
  const word = fc.oneof(fc.constantFrom("daemons", "list", "stop", "--", "--json", "-q", "=", ...options), fc.string());
  fc.assert(
    fc.property(fc.array(word, { maxLength: 8 }), (argv) => {
      try {
        checkCompleteness(parseCommandLine(argv));
      } catch (thrown) {
        if (!(thrown instanceof MusterError) || thrown.code !== "USAGE") throw thrown;
      }
    }),
    { numRuns: 2000 },
  );
});

test("JSON is wanted by option or variable, but not for the sake of words behind --", () => {
  expect(wantsJson(["x", "--json=a"], {})).toBe(true);
  expect(wantsJson(["--", "--json"], {})).toBe(false);
  expect(wantsJson([], { MUSTER_OUTPUT: "json" })).toBe(true);
  expect(wantsJson([], { MUSTER_OUTPUT: "text" })).toBe(false);
});

test.each([
  ["30", 30],
  ["0.5s", 0.5],
  ["500ms", 0.5],
  ["10m", 600],
  ["2h", 7200],
  ["3d", 259_200],
  ["", null],
  ["-1", null],
  ["1w", null],
  ["1e3", null],
  ["999999999999d", null],
])("duration %j is %p s", (text, seconds) => {
  expect(parseDuration(text)).toBe(seconds);
});

test("suggestions: near, or none", () => {
  expect(nearest("strat", ["start", "stop"])).toBe("start");
  expect(nearest("xyzzy", ["start", "stop"])).toBeNull();
});

test("of a single letter no other is near, of two one is", () => {
  expect(nearest("z", ["x"])).toBeNull();
  expect(nearest("z", ["Z"])).toBe("Z");
  expect(nearest("wb", ["web", "x"])).toBe("web");
});
