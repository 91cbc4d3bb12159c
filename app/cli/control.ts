/**
 * `daemons control` on the short way: neither the table of commands nor the service is loaded. Only read-only mode is
 * looked for, because nothing may get around it. node:fs and node:path are not imported before they are needed: the
 * first costs half of what Bun itself takes to start.
 */
import { controlCommand } from "#core/daemon/control-command.ts";
import type { ControlResult } from "#core/daemon/control-params.ts";
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
    audited: (action, pidFile, perform) => recorded(settings, `daemon.${action}`, pidFile, perform),
  });
}

/** Not that of stdio.ts: it would bring more with it. What cannot be told must not change the exit code. */
function stderr(text: string): void {
  try {
    process.getBuiltinModule("node:fs").writeSync(2, text);
  } catch {
    return;
  }
}

/** A drop-in stays silent: a journal that cannot be written is not told here. Loaded only for what has an effect. */
async function recorded(
  { variables, configFile }: ControlSettings,
  action: "daemon.start" | "daemon.stop" | "daemon.signal",
  pidFile: string,
  perform: () => Promise<ControlResult>,
): Promise<ControlResult> {
  const [{ resolve }, { audited }, { makeEnvironment }, { outcomeOf }] = await Promise.all([
    import("node:path"),
    import("./audited.ts"),
    import("./environment.ts"),
    import("#core/service/handle/outcome.ts"),
  ]);
  const environment = makeEnvironment({ variables, configFile, uid: process.geteuid?.() ?? 0, root: "" });
  const judge = (result: ControlResult) => ({ outcome: outcomeOf(result, false), message: result.message });
  return (await audited(environment, { action, pidFile: resolve(pidFile) }, perform, judge)).value;
}
