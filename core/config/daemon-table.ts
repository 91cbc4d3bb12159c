/** One [daemon.NAME] table -> one declaration, or what is wrong with it. */
import type { ConfigProblem, DaemonDeclaration } from "#core/model/declaration.ts";
import { nearestKey } from "./nearest-key.ts";
import * as values from "./values.ts";

/** A value and where it stands. */
export interface Entry {
  readonly value: unknown;
  readonly line: number;
}

export interface DaemonTable {
  readonly name: string;
  readonly file: string;
  readonly line: number;
  /** By key; an environment variable by `environment.NAME`. */
  readonly entries: ReadonlyMap<string, Entry>;
}

const READERS = {
  description: values.text,
  pid_file: values.absolutePath,
  guard_file: values.absolutePath,
  command: values.command,
  daemonizes: values.boolean,
  user: values.account,
  group: values.account,
  directory: values.absolutePath,
  stop_signal: values.signal,
  stop_deadline: values.seconds,
  escalation: (value: unknown) => values.list(value, values.signal),
  reload_signal: values.signal,
  start_deadline: values.seconds,
} as const;

type Key = keyof typeof READERS;
type Values = { [K in Key]?: ReturnType<(typeof READERS)[K]> };

const isKey = (key: string): key is Key => Object.hasOwn(READERS, key);

/** All mistakes of a table are told at once; with any of them there is no declaration. */
export function readDaemon(
  table: DaemonTable,
  root: string,
): { readonly declaration: DaemonDeclaration | null; readonly problems: readonly ConfigProblem[] } {
  const problems: ConfigProblem[] = [];
  const say = (line: number, reason: string) => problems.push({ file: table.file, line, reason });
  const found: Record<string, unknown> = {};
  const environment: [string, string][] = [];
  for (const [key, { value, line }] of table.entries) {
    try {
      if (isKey(key)) found[key] = READERS[key](value);
      else if (key.startsWith("environment.")) environment.push([variableName(key), values.text(value)]);
      else throw new values.Mistake(unknownKey(key));
    } catch (thrown) {
      if (!(thrown instanceof values.Mistake)) throw thrown;
      say(line, `${key} ${thrown.message}`);
    }
  }
  const read = found as Values;
  const guardFile = read.guard_file ?? read.pid_file?.replace(/\.pid$/, ".lock");
  const lineOf = (key: Key) => table.entries.get(key)?.line ?? table.line;
  if (!table.entries.has("pid_file")) say(table.line, `daemon '${table.name}' has no pid_file`);
  else if (guardFile !== undefined && guardFile === read.pid_file) {
    const reason = read.guard_file
      ? "guard_file must differ from pid_file"
      : "guard_file is needed: pid_file does not end in .pid";
    say(lineOf("guard_file"), reason);
  }
  if (problems.length > 0 || read.pid_file === undefined || guardFile === undefined) {
    return { declaration: null, problems };
  }
  return {
    problems,
    declaration: {
      name: table.name,
      description: read.description ?? null,
      pidFile: root + read.pid_file,
      guardFile: root + guardFile,
      command: read.command ?? null,
      daemonizes: read.daemonizes ?? false,
      user: read.user ?? null,
      group: read.group ?? null,
      directory: read.directory ?? "/",
      environment: Object.fromEntries(environment),
      stopSignal: read.stop_signal ?? 15,
      stopDeadlineSeconds: read.stop_deadline ?? 10,
      escalation: read.escalation ?? [],
      reloadSignal: read.reload_signal ?? 1,
      startDeadlineSeconds: read.start_deadline ?? 30,
    },
  };
}

function variableName(key: string): string {
  const name = key.slice("environment.".length);
  if (name === "" || /[=\0]/.test(name)) throw new values.Mistake("is not a name of a variable");
  return name;
}

function unknownKey(key: string): string {
  if (key === "environment") return "must be a table of strings";
  return `is not a key of a daemon${nearestKey(key, [...Object.keys(READERS), "environment"])}`;
}
