/** Which code stands behind each command of the table; imported only when the command is given. */
import type { Handler } from "./context.ts";

export const HANDLERS: Readonly<Record<string, () => Promise<Handler>>> = {
  "": async () => (await import("./commands/console.ts")).openConsole,
  "daemons list": async () => (await import("./commands/list.ts")).listDaemons,
  "daemons get": async () => (await import("./commands/get.ts")).getDaemons,
  "daemons watch": async () => (await import("./commands/watch.ts")).watchDaemons,
  "daemons run": async () => (await import("./commands/run.ts")).runDaemon,
  "daemons control": async () => (await import("./commands/control.ts")).controlDaemon,
  snapshot: async () => (await import("./commands/snapshot.ts")).writeSnapshot,
  events: async () => (await import("./commands/events.ts")).listEvents,
  doctor: async () => (await import("./commands/doctor.ts")).doctor,
  schema: async () => (await import("./commands/schema.ts")).writeSchema,
  completions: async () => (await import("./commands/completions.ts")).writeCompletions,
  man: async () => (await import("./commands/man.ts")).writeManual,
  help: async () => (await import("./commands/help.ts")).help,
};

/** All verbs of the action table share one handler. */
export async function actionHandler(): Promise<Handler> {
  return (await import("./commands/act.ts")).act;
}
