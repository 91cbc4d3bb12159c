/**
 * `daemons control` on the short way: neither the table of commands nor the service is loaded. Only read-only mode is
 * looked for, because nothing may get around it.
 */
import { readFileSync, writeSync } from "node:fs";
import { controlCommand } from "#core/daemon/control-command.ts";
import { placesOf } from "./places.ts";
import { systemClock } from "./system-clock.ts";

export interface ControlSettings {
  readonly variables: Readonly<Record<string, string>>;
  readonly isReadOnly: boolean;
  /** --config; null for the usual place. */
  readonly configFile: string | null;
}

export async function control(argv: readonly string[], settings: ControlSettings): Promise<number> {
  return controlCommand(argv, {
    stderr: (text) => {
      writeSync(2, text);
    },
    programName: "muster daemons control",
    isReadOnly: settings.isReadOnly || (await isReadOnlyConfigured(settings)),
    clock: systemClock,
    variables: settings.variables,
    procRoot: "/proc",
  });
}

/** The TOML parser is loaded only for a file that may say so: the key, or an escape that could spell it. */
async function isReadOnlyConfigured(settings: ControlSettings): Promise<boolean> {
  const uid = process.geteuid?.() ?? 0;
  const { configFile } = placesOf({ ...settings, uid, root: "" });
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
