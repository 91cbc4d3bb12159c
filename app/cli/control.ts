/**
 * `daemons control` on the short way: neither the table of commands nor the service is loaded. Only read-only mode is
 * looked for, because nothing may get around it.
 */
import { readFileSync } from "node:fs";
import { controlCommand } from "#core/daemon/control-command.ts";
import { writeError } from "./stdio.ts";
import { systemClock } from "./system-clock.ts";

export interface ControlSettings {
  readonly variables: Readonly<Record<string, string>>;
  readonly isReadOnly: boolean;
  /** --config; null for the usual place. */
  readonly configFile: string | null;
}

export async function control(argv: readonly string[], settings: ControlSettings): Promise<number> {
  return controlCommand(argv, {
    stderr: writeError,
    programName: "muster daemons control",
    isReadOnly: settings.isReadOnly || (await isReadOnlyConfigured(settings)),
    clock: systemClock,
    variables: settings.variables,
    procRoot: "/proc",
  });
}

/** The TOML parser is loaded only for a file that may say so: the key, or an escape that could spell it. */
async function isReadOnlyConfigured(settings: ControlSettings): Promise<boolean> {
  const configFile = settings.configFile ?? (await configFileOf(settings.variables));
  let text: string;
  try {
    text = readFileSync(configFile, "utf8");
  } catch {
    return false;
  }
  if (!/read_only|\\[uUx]/.test(text)) return false;
  const { loadConfig } = await import("#core/config/load.ts");
  return (await loadConfig({ configFile, root: "" })).readOnly;
}

async function configFileOf(variables: Readonly<Record<string, string>>): Promise<string> {
  const { makeEnvironment } = await import("./environment.ts");
  return makeEnvironment({ variables, uid: process.geteuid?.() ?? 0, root: "", configFile: null }).configFile;
}
