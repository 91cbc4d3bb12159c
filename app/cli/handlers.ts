/** Which code stands behind each command of the table; imported only when the command is given. */
import type { Handler } from "./context.ts";
import type { NamedKind } from "./kind-words.ts";

export const HANDLERS: Readonly<Record<string, () => Promise<Handler>>> = {
  "": async () => (await import("./commands/console.ts")).openConsole,
  ...ofKind("daemons"),
  ...ofKind("categories"),
  ...ofKind("members"),
  ...ofKind("modules"),
  ...ofKind("jobs"),
  ...ofKind("attachments"),
  ...ofKind("endpoints"),
  ...ofKind("policies"),
  ...ofServer("containers"),
  ...ofServer("processes"),
  "daemons run": async () => (await import("./commands/run.ts")).runDaemon,
  "daemons control": async () => (await import("./commands/control.ts")).controlDaemon,
  "modules ctl": async () => (await import("./commands/module-ctl.ts")).controlModule,
  "jobs create": async () => (await import("./commands/create-job.ts")).createJob,
  "jobs attach": async () => (await import("./commands/job-verbs.ts")).attachToJob,
  "jobs detach": async () => (await import("./commands/job-verbs.ts")).detachFromJob,
  "jobs wait": async () => (await import("./commands/job-verbs.ts")).waitForJobs,
  "jobs pids": async () => (await import("./commands/job-verbs.ts")).tellPids,
  "jobs sethid": async () => (await import("./commands/module-ctl.ts")).setHid,
  "jobs report": async () => (await import("./commands/report-jobs.ts")).reportJobs,
  "endpoints create": async () => (await import("./commands/power-verbs.ts")).createEndpoints,
  "endpoints destroy": async () => (await import("./commands/power-verbs.ts")).destroyEndpoints,
  "endpoints policy": async () => (await import("./commands/power-verbs.ts")).writePolicy,
  "endpoints sample": async () => (await import("./commands/power-verbs.ts")).tellSamples,
  "endpoints wait": async () => (await import("./commands/power-verbs.ts")).waitForControllers,
  "endpoints bind": async () => (await import("./commands/power-verbs.ts")).bindEndpoints,
  "endpoints unbind": async () => (await import("./commands/power-verbs.ts")).unbindEndpoints,
  "endpoints release": async () => (await import("./commands/power-verbs.ts")).releaseEndpoints,
  "endpoints serve": async () => (await import("./commands/serve-endpoints.ts")).serveEndpoints,
  "policies set": async () => (await import("./commands/policy-verbs.ts")).setPolicy,
  "policies default": async () => (await import("./commands/policy-verbs.ts")).defaultPolicy,
  "policies remove": async () => (await import("./commands/policy-verbs.ts")).removePolicy,
  "containers hostname": async () => (await import("./commands/ask-containers.ts")).tellHostNames,
  "containers pid": async () => (await import("./commands/ask-containers.ts")).tellProcessIds,
  "containers cgroup": async () => (await import("./commands/ask-containers.ts")).tellCgroups,
  "processes start": async () => (await import("./commands/process-verbs.ts")).startProcess,
  "processes wait": async () => (await import("./commands/process-verbs.ts")).waitForProcesses,
  "processes terminate": async () => (await import("./commands/process-verbs.ts")).terminateProcesses,
  "processes signal": async () => (await import("./commands/process-verbs.ts")).signalProcesses,
  "members run": async () => (await import("./commands/run-member.ts")).runMember,
  "fixture fmt": async () => (await import("./commands/fixture.ts")).formatFixture,
  "fixture lint": async () => (await import("./commands/fixture.ts")).lintFixtures,
  "fixture cut": async () => (await import("./commands/fixture.ts")).cutFixture,
  "fixture redact": async () => (await import("./commands/fixture.ts")).redactFixture,
  record: async () => (await import("./commands/record.ts")).record,
  play: async () => (await import("./commands/play.ts")).play,
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

/** The same, of what a server of pmdaRoot cannot be asked for: it has no list. */
function ofServer(kind: NamedKind): Record<string, () => Promise<Handler>> {
  const plain = Object.entries(ofKind(kind));
  return Object.fromEntries(
    plain.map(([name, load]) => [
      name,
      async () => {
        const handler = await load();
        const { refuseSocket } = await import("./commands/other-server.ts");
        return (call) => {
          refuseSocket(call);
          return handler(call);
        };
      },
    ]),
  );
}

/** The verbs of the action table that stand for nothing but their action share one handler. */
export async function actionHandler(): Promise<Handler> {
  return (await import("./commands/act.ts")).act;
}
