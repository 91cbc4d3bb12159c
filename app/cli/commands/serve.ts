/**
 * `serve`: the service alone. In the background by core/daemon, so that `daemons control` and muster itself can control it
 * as any other daemon; in the foreground for supervisors, under the same lock of the same pid file.
 */
import { resolve } from "node:path";
import { daemonControl } from "#core/daemon/control.ts";
import { type Daemon, daemonExit, daemonInit, daemonRun, isSecondStart, withoutHandover } from "#core/daemon/daemon.ts";
import { takeGuard } from "#core/daemon/guard.ts";
import { clearPid, lockPidFile, type PidFileMode, writePid } from "#core/daemon/pid-lock.ts";
import { MusterError } from "#core/model/error.ts";
import { plainDocument } from "#core/output/document.ts";
import { type Call, tell, writeText } from "../context.ts";
import { usage } from "../option-values.ts";
import { selfCommand } from "../self-command.ts";
import { ServiceLog } from "../service-log.ts";
import { makeServicePlace, servicePlace } from "../service-place.ts";
import { serviceState, writeStatus } from "../service-state.ts";
import { beginServing } from "../serving.ts";
import { openSession, origin, refuseProblems, type Session, writeDocument } from "../session.ts";
import { UNITS } from "../units.ts";

const MODES = ["foreground", "stop", "status", "print-unit"] as const;
/** As long as systemd waits for a service to end. */
const STOP_SECONDS = 90;

export async function serve(call: Call): Promise<number> {
  const { options } = call.invocation;
  const given = MODES.filter((mode) => options.has(mode));
  if (given.length > 1) throw usage(`--${given[0]} and --${given[1]} exclude each other`, `--${given[1]}`);
  // What this service starts is not its own second start.
  const session = await openSession({ ...call, variables: withoutHandover(call.variables) });
  if (session.root !== null) throw new MusterError("UNSUPPORTED", "with --root muster only looks: it serves nobody");
  switch (given[0]) {
    case "stop":
      return stop(session);
    case "status":
      return writeStatus(session);
    case "print-unit":
      return printUnit(session);
    case "foreground":
      return serveHere(session);
    default:
      return serveBehind(session, call);
  }
}

/** With a lock on it, which any reader may have, another user would keep the service from being started again. */
const PID_FILE_MODE: PidFileMode = 0o600;

async function serveHere(session: Session): Promise<number> {
  refuseProblems(session);
  const { pidFile, guardFile } = makeServicePlace(session.environment);
  const log = new ServiceLog(session.call.clock);
  const guard = await takeGuard(guardFile);
  using lock = lockService(session, pidFile);
  try {
    const { ended } = await beginServing(session, log);
    writePid(lock, process.pid);
    guard.close();
    log.write(`listens as process ${process.pid}`);
    await ended;
  } finally {
    guard.close();
    clearPid(lock);
  }
  return 0;
}

function lockService(session: Session, pidFile: string) {
  try {
    return lockPidFile(pidFile, PID_FILE_MODE);
  } catch (thrown) {
    throw thrown instanceof MusterError && thrown.code === "LOCK_HELD" ? runsAlready(session, thrown) : thrown;
  }
}

function runsAlready({ environment }: Session, cause?: MusterError): MusterError {
  const { pidFile } = servicePlace(environment);
  const { pid } = serviceState(environment);
  const who = pid === null ? "already" : `already as process ${pid}`;
  return new MusterError("LOCK_HELD", `muster's service runs ${who}`, {
    target: pidFile,
    hint: "end it with 'muster serve --stop', or let it read its configuration again with SIGHUP",
    cause,
  });
}

/** Two processes come through here: the one that was called, and the service that it starts. */
async function serveBehind(session: Session, call: Call): Promise<number> {
  const { environment } = session;
  const { pidFile, guardFile } = makeServicePlace(environment);
  const params = {
    pidFile: resolve(pidFile),
    pidFileMode: PID_FILE_MODE,
    runAsUser: null,
    runAsGroup: null,
    preserveCwd: false,
    simulate: false,
    argv: [...selfCommand(), ...wordsOf(session)],
    variables: absolute(call.variables),
  };
  if (isSecondStart(call.variables)) return runService(session, daemonInit(params));
  refuseProblems(session);
  const command = { argv: ["muster", "serve"], env: {}, cwd: null, credentials: null, deadlineSeconds: null } as const;
  const daemonize = async () => daemonRun(daemonInit(params), () => {});
  const { status, error } = await daemonControl(
    { pidFile, guardFile, action: { type: "start", command: { ...command, daemonize, output: "inherit" } } },
    { clock: call.clock, procRoot: environment.procRoot },
  );
  if (status === "alreadyDone") throw runsAlready(session);
  if (error) throw error.code === "LOCK_HELD" ? runsAlready(session, error) : error;
  return writeStatus(session);
}

async function runService(session: Session, daemon: Daemon): Promise<number> {
  const log = new ServiceLog(session.call.clock);
  const { ended } = await beginServing(session, log);
  log.moveTo(session.environment.stateDirectory);
  log.write(`listens as process ${process.pid}`);
  await daemonRun(daemon, () => ended);
  return daemonExit(daemon);
}

/** The service runs in "/": what is said relative to this directory must mean the same there. */
function absolute(variables: Readonly<Record<string, string>>): Record<string, string> {
  const names = ["MUSTER_RUNTIME_DIR", "MUSTER_STATE_DIR", "MUSTER_CONFIG"];
  const paths = names.flatMap((name) => (variables[name] ? [[name, resolve(variables[name])]] : []));
  return { ...variables, ...Object.fromEntries(paths) };
}

function wordsOf({ call, environment }: Session): string[] {
  const { options } = call.invocation;
  const words = ["serve"];
  if (options.has("config")) words.push("--config", environment.configFile);
  if (options.has("read-only")) words.push("--read-only");
  return words;
}

async function stop(session: Session): Promise<number> {
  const { call, environment } = session;
  const { pidFile, guardFile } = servicePlace(environment);
  if (serviceState(environment).running === false) {
    tell(call, "no service runs");
    return writeStatus(session, 0);
  }
  const order = { signal: 15, deadlineSeconds: STOP_SECONDS, escalation: [], clearsPidFile: false };
  const { error, message } = await daemonControl(
    { pidFile, guardFile, action: { type: "stop", order } },
    { clock: call.clock, procRoot: environment.procRoot },
  );
  if (error) throw error;
  tell(call, message);
  return writeStatus(session, 0);
}

async function printUnit(session: Session): Promise<number> {
  const { call, environment } = session;
  const kind = call.invocation.options.text("print-unit") === "openrc" ? "openrc" : "systemd";
  const { pidFile } = servicePlace(environment);
  const text = UNITS[kind]({ command: selfCommand(), isSystem: environment.uid === 0, pidFile });
  if (call.isJson) await writeDocument(call, plainDocument("Unit", origin(session), { unit: kind, text }));
  else await writeText(call, text);
  return 0;
}
