/**
 * ucw-daemon-control as a command: its options with unique prefixes as in getopt_long(3), its guard file, its silence and
 * its exit codes. Beyond it: numeric signals and names in any form, --timeout and --escalate for --stop.
 */
import type { Clock } from "#core/model/clock.ts";
import { signalNumber } from "#ffi/signals.ts";
import { daemonControl } from "./control.ts";
import type { ControlAction, ControlResult } from "./control-params.ts";
import { guardFileFor } from "./guard.ts";
import { CONTROL_STATUS, CONTROL_USAGE_EXIT } from "./status.ts";

export interface ControlCommandIo {
  readonly stderr: (text: string) => void;
  readonly programName: string;
  readonly isReadOnly: boolean;
  readonly clock: Clock;
  readonly variables: Readonly<Record<string, string>>;
  readonly procRoot: string;
  /** Put around whatever is not only a check: audit. */
  readonly audited: (
    action: "start" | "stop" | "signal",
    pidFile: string,
    perform: () => Promise<ControlResult>,
  ) => Promise<ControlResult>;
}

/** LibUCW waits for ever; so long does systemd wait before it escalates. */
const STOP_DEADLINE_SECONDS = 90;

const ACTIONS = ["check", "start", "stop", "reload"] as const;
type ActionName = (typeof ACTIONS)[number];

/** Option name -> whether it takes a value. */
const OPTIONS: Readonly<Record<string, boolean>> = {
  "pid-file": true,
  "guard-file": true,
  signal: true,
  check: false,
  start: false,
  stop: false,
  reload: false,
  timeout: true,
  escalate: false,
};

export const CONTROL_USAGE = `--pid-file FILE [--guard-file FILE] ACTION [-- COMMAND ARGUMENT...]
  --check                  exit 0 if the daemon runs, 101 if not, 103 if its pid file is stale
  --start -- COMMAND...    run COMMAND unless the daemon runs (100)
  --stop                   send SIGTERM, or --signal, and wait until it has ended
  --reload                 send SIGHUP, or --signal
  --signal SIGNAL          name or number
  --timeout SECONDS        how long --stop waits; ${STOP_DEADLINE_SECONDS} if not given, 0 without end
  --escalate               --stop sends SIGKILL when that time is over
`;

class UsageError extends Error {}

interface Parsed {
  readonly values: ReadonlyMap<string, string>;
  readonly action: ActionName | null;
  readonly words: readonly string[];
}

/** The exit code: 0, 100 to 103 as in status.ts, 1 for a wrong command line. */
export async function controlCommand(argv: readonly string[], io: ControlCommandIo): Promise<number> {
  try {
    return await control(parse(argv), io);
  } catch (thrown) {
    if (!(thrown instanceof UsageError)) throw thrown;
    const reason = thrown.message === "" ? "" : `${io.programName}: ${thrown.message}\n`;
    io.stderr(`${reason}Usage: ${io.programName} ${CONTROL_USAGE}`);
    return CONTROL_USAGE_EXIT;
  }
}

async function control(parsed: Parsed, io: ControlCommandIo): Promise<number> {
  const pidFile = parsed.values.get("pid-file");
  if (pidFile === undefined) throw new UsageError("--pid-file is missing");
  if (parsed.action === null) throw new UsageError("one of --check, --start, --stop, --reload is missing");
  if (parsed.action === "start" && parsed.words.length === 0) throw new UsageError("--start needs a command");
  if (parsed.action !== "start" && parsed.words.length > 0)
    throw new UsageError(`unexpected: ${parsed.words.join(" ")}`);
  const guardFile = parsed.values.get("guard-file") ?? guardFileFor(pidFile);
  if (guardFile === null) {
    throw new UsageError(`${pidFile}: without --guard-file the name of the pid file must end in .pid`);
  }
  const action = actionOf(parsed.action, parsed, io);
  if (io.isReadOnly && parsed.action !== "check") {
    io.stderr(`${io.programName}: muster runs read-only: --${parsed.action} is refused\n`);
    return CONTROL_STATUS.error;
  }
  const perform = () => daemonControl({ pidFile, guardFile, action }, { clock: io.clock, procRoot: io.procRoot });
  const result = isEffect(action) ? await io.audited(action.type, pidFile, perform) : await perform();
  if (result.status === "error") io.stderr(`${io.programName}: ${result.message}\n`);
  return CONTROL_STATUS[result.status];
}

type Effect = Extract<ControlAction, { type: "start" | "stop" | "signal" }>;

function isEffect(action: ControlAction): action is Effect {
  return action.type !== "check" && action.type !== "restart";
}

function actionOf(name: ActionName, { values, words }: Parsed, io: ControlCommandIo): ControlAction {
  const signal = values.has("signal") ? parseSignal(values.get("signal") ?? "") : null;
  switch (name) {
    case "check":
      return { type: "check" };
    case "reload":
      return { type: "signal", signal: signal ?? 1 };
    case "stop": {
      const seconds = parseSeconds(values.get("timeout"));
      const escalation = values.has("escalate") ? [9] : [];
      return {
        type: "stop",
        order: { signal: signal ?? 15, deadlineSeconds: seconds, escalation, clearsPidFile: false },
      };
    }
    case "start": {
      const command = {
        argv: words,
        env: io.variables,
        cwd: null,
        credentials: null,
        deadlineSeconds: null,
        daemonize: null,
        output: "inherit",
      } as const;
      return { type: "start", command };
    }
  }
}

function parseSignal(text: string): number {
  const signal = signalNumber(text);
  if (signal === null) throw new UsageError(`unknown signal: ${text}`);
  return signal;
}

/** 0 means without end, as a null deadline. */
function parseSeconds(text: string | undefined): number | null {
  if (text === undefined) return STOP_DEADLINE_SECONDS;
  if (!/^[0-9]+(\.[0-9]+)?$/.test(text) || Number(text) > 86_400 * 365)
    throw new UsageError(`not a time in seconds: ${text}`);
  return Number(text) === 0 ? null : Number(text);
}

/** Long options only; options may stand behind words as getopt_long(3) permutes them, `--` ends them. The last action wins. */
function parse(argv: readonly string[]): Parsed {
  const values = new Map<string, string>();
  const words: string[] = [];
  let action: ActionName | null = null;
  for (let i = 0; i < argv.length; i++) {
    const word = argv[i] ?? "";
    if (word === "--") {
      words.push(...argv.slice(i + 1));
      break;
    }
    if (!word.startsWith("--")) {
      if (word.startsWith("-") && word !== "-") throw new UsageError(`unknown option: ${word}`);
      words.push(word);
      continue;
    }
    const [given, attached] = splitOption(word);
    const name = fullName(given);
    let value = attached ?? "";
    if (OPTIONS[name] === true && attached === null) {
      i++;
      if (i >= argv.length) throw new UsageError(`--${name} needs a value`);
      value = argv[i] ?? "";
    }
    if (OPTIONS[name] === false && attached !== null) throw new UsageError(`--${name} takes no value`);
    const asAction = ACTIONS.find((candidate) => candidate === name);
    if (asAction) action = asAction;
    else values.set(name, value);
  }
  return { values, action, words };
}

function splitOption(word: string): [string, string | null] {
  const equals = word.indexOf("=");
  return equals === -1 ? [word.slice(2), null] : [word.slice(2, equals), word.slice(equals + 1)];
}

function fullName(given: string): string {
  if (given in OPTIONS) return given;
  const fitting = Object.keys(OPTIONS).filter((name) => given !== "" && name.startsWith(given));
  const [only] = fitting;
  if (only !== undefined && fitting.length === 1) return only;
  if (fitting.length === 0) throw new UsageError(`unknown option: --${given}`);
  throw new UsageError(`--${given} is ambiguous: ${fitting.map((name) => `--${name}`).join(", ")}`);
}
