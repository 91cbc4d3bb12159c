/** The body of `serve`: the service and its socket, from the moment they listen until a signal ends them. */
import { loadConfig } from "#core/config/load.ts";
import { timestamp } from "#core/model/clock.ts";
import type { Config, ConfigProblem } from "#core/model/declaration.ts";
import { errorRecord } from "#core/model/error.ts";
import { HOST_WORD } from "#core/pagg/host/main.ts";
import { type LocalService, openLocalService } from "#core/service/local.ts";
import { openServer, type Server } from "#core/service/rpc/server.ts";
import { configDigest } from "./config-digest.ts";
import { selfCommand } from "./self-command.ts";
import type { ServiceLog } from "./service-log.ts";
import type { Session } from "./session.ts";
import { MUSTER_VERSION } from "./version.ts";

export interface Serving {
  /** Resolves when a signal has come and everything is closed. */
  readonly ended: Promise<void>;
}

/** Resolves when the socket listens. Whoever calls holds the lock of the pid file. */
export async function beginServing(session: Session, log: ServiceLog): Promise<Serving> {
  const { call, environment, isReadOnly } = session;
  let { config } = session;
  const service = await openLocalService({
    environment,
    clock: call.clock,
    config,
    isReadOnly,
    mode: "watch",
    keepsSet: true,
    moduleHost: [...selfCommand(), HOST_WORD],
    log: (text) => log.write(text),
  });
  await service.ready;
  const server = openServer({
    service,
    clock: call.clock,
    runtimeDirectory: environment.runtimeDirectory,
    procRoot: environment.procRoot,
    isForAll: environment.uid === 0,
    log: (text) => log.write(text),
    facts: {
      version: MUSTER_VERSION,
      uid: environment.uid,
      pid: process.pid,
      startedAt: timestamp(call.clock.wallMs()),
      configFile: environment.configFile,
      stateDirectory: environment.stateDirectory,
      configuration: () => configDigest(config),
    },
  });
  service.note("info", "SERVICE_STARTED", `muster's service has begun as process ${process.pid}`);
  tellProblems(config, service, log);
  const reload = async () => {
    config = await loadConfig({ configFile: environment.configFile, root: environment.root });
    const wasReadOnly = service.isReadOnly;
    await service.reload(config);
    // Before the event: whoever draws anew for it draws that too.
    if (service.isReadOnly !== wasReadOnly) server.tellMode();
    const mode = modeText(wasReadOnly, service, config, call.invocation.options.has("read-only"));
    service.note("info", "CONFIG_LOADED", `the configuration was read again: ${environment.configFile}${mode}`);
    log.write(`configuration read again${mode}`);
    tellProblems(config, service, log);
  };
  const onHangup = () => {
    reload().catch((thrown) => log.write(`cannot read the configuration again: ${errorRecord(thrown).message}`));
  };
  process.on("SIGHUP", onHangup);
  return { ended: untilEnded(service, server, log) };
}

function modeText(wasReadOnly: boolean, { isReadOnly }: LocalService, { readOnly }: Config, isAlways: boolean): string {
  if (isReadOnly !== wasReadOnly) {
    return isReadOnly ? "; what is under way goes on, and nothing else is changed" : "; no longer read-only";
  }
  if (!isReadOnly || readOnly || isAlways) return "";
  return "; it began read-only and keeps nothing: read_only = false counts from the next start of the service on";
}

async function untilEnded(service: LocalService, server: Server, log: ServiceLog): Promise<void> {
  const signal = await new Promise<string>((resolve) => {
    process.once("SIGTERM", () => resolve("SIGTERM"));
    process.once("SIGINT", () => resolve("SIGINT"));
  });
  log.write(`ends: ${signal}`);
  await server.close();
  service.note("info", "SERVICE_STOPPED", `muster's service has ended: ${signal}`);
  await service.close();
}

function tellProblems({ problems }: Config, service: LocalService, log: ServiceLog): void {
  for (const problem of problems) {
    const text = problemText(problem);
    log.write(text);
    service.note("warn", "CONFIG_PROBLEM", text);
  }
}

function problemText({ file, line, reason }: ConfigProblem): string {
  return `${line === null ? file : `${file}:${line}`}: ${reason}`;
}
