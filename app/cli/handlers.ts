/** Which code stands behind each command of the table; imported only when the command is given. */
import type { Handler } from "./context.ts";
import type { NamedKind } from "./kind-words.ts";

export const HANDLERS: Readonly<Record<string, () => Promise<Handler>>> = {
  "": async () => (await import("./commands/console.ts")).openConsole,
  ...ofKind("daemons"),
  ...ofKind("categories"),
  ...ofKind("members"),
  "daemons run": async () => (await import("./commands/run.ts")).runDaemon,
  "daemons control": async () => (await import("./commands/control.ts")).controlDaemon,
  "members run": async () => (await import("./commands/run-member.ts")).runMember,
  snapshot: async () => (await import("./commands/snapshot.ts")).writeSnapshot,
  events: async () => (await import("./commands/events.ts")).listEvents,
  serve: async () => (await import("./commands/serve.ts")).serve,
  "root serve": async () => (await import("./commands/root-serve.ts")).serveRoot,
  doctor: async () => (await import("./commands/doctor.ts")).doctor,
  schema: async () => (await import("./commands/schema.ts")).writeSchema,
  completions: async () => (await import("./commands/completions.ts")).writeCompletions,
  man: async () => (await import("./commands/man.ts")).writeManual,
  help: async () => (await import("./commands/help.ts")).help,
};

/** What every kind has. */
function ofKind(kind: NamedKind): Record<string, () => Promise<Handler>> {
  return {
    [`${kind} list`]: async () => (await import("./commands/list.ts")).listOf(kind),
    [`${kind} get`]: async () => (await import("./commands/get.ts")).getOf(kind),
    [`${kind} watch`]: async () => (await import("./commands/watch.ts")).watchOf(kind),
  };
}

/** All verbs of the action table share one handler. */
export async function actionHandler(): Promise<Handler> {
  return (await import("./commands/act.ts")).act;
}
