/**
 * `daemons control` on the short way: neither the table of commands nor the service is loaded. Only read-only mode is
 * looked for, because nothing may get around it.
 */
import { writeSync } from "node:fs";
import { controlCommand } from "#core/daemon/control-command.ts";
import { placesOf } from "./places.ts";
import { isReadOnlyConfigured } from "./read-only.ts";
import { systemClock } from "./system-clock.ts";

export interface ControlSettings {
  readonly variables: Readonly<Record<string, string>>;
  readonly isReadOnly: boolean;
  /** --config; null for the usual place. */
  readonly configFile: string | null;
}

export async function control(argv: readonly string[], settings: ControlSettings): Promise<number> {
  const { configFile } = placesOf({ ...settings, uid: process.geteuid?.() ?? 0, root: "" });
  return controlCommand(argv, {
    stderr,
    programName: "muster daemons control",
    isReadOnly: settings.isReadOnly || (await isReadOnlyConfigured(configFile)),
    clock: systemClock,
    variables: settings.variables,
    procRoot: "/proc",
  });
}

/** Not that of stdio.ts: it would bring more with it. What cannot be told must not change the exit code. */
function stderr(text: string): void {
  try {
    writeSync(2, text);
  } catch {
    return;
  }
}
