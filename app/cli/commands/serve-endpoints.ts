/**
 * `endpoints serve`: the policy daemon, in front or daemonized, for as many endpoints as asked for. What muster's service made
 * a moment ago is given up by it and taken over; what others left only with --take-over. It goes on when nobody reads its
 * lines any more; what they tell stands in the journal as well.
 */
import { basename, resolve } from "node:path";
import { gate } from "#core/act/gate.ts";
import { daemonInit, daemonRun, isSecondStart, withoutHandover } from "#core/daemon/daemon.ts";
import { toGeopmError } from "#core/geopm/errors.ts";
import { inspectEndpoint } from "#core/geopm/listing.ts";
import { MusterError } from "#core/model/error.ts";
import { plainDocument } from "#core/output/document.ts";
import { policyStorePath, powerHost } from "#core/service/power-host.ts";
import { endpointId } from "#core/service/power-id.ts";
import { type Call, tell, writeText } from "../context.ts";
import { EndpointServing, type ServingSettings } from "../endpoint-serving.ts";
import { usage } from "../option-values.ts";
import { typedNewEndpoint } from "../power-names.ts";
import { mustBeGood, requestOf } from "../requests.ts";
import { selfCommand } from "../self-command.ts";
import { ServiceLog } from "../service-log.ts";
import { openSoundSession, origin, type Session, tellWarnings, withService, writeDocument } from "../session.ts";

type Mode = "create" | "takeOver";

export async function serveEndpoints(call: Call): Promise<number> {
  const session = await openSoundSession({ ...call, variables: withoutHandover(call.variables) });
  const { isReadOnly, root } = session;
  const closed = gate("change", "Serve endpoints", { isReadOnly, isForeignRoot: root !== null });
  if (closed) throw closed;
  const { options, words } = call.invocation;
  if (options.number("stale") === 0) throw usage("--stale must be more than 0", "--stale");
  const pidFile = options.text("pid-file");
  if (options.has("daemonize") !== (pidFile !== null)) {
    throw usage("--daemonize and --pid-file go together", pidFile === null ? "--pid-file" : "--daemonize");
  }
  const typed = words.map((word) => typedNewEndpoint(session, word));
  const names = [...new Set(typed.map(({ name }) => name))];
  if (pidFile !== null) return serveBehind(session, call, names, resolve(pidFile));
  tellWarnings(
    call,
    typed.flatMap(({ warning }) => warning ?? []),
  );
  const serving = await open(session, names, () => {});
  return serving.ended();
}

/** Two processes come through here: the one that was called, and the daemon that it starts. */
async function serveBehind(session: Session, call: Call, names: readonly string[], pidFile: string): Promise<number> {
  const daemon = daemonInit({
    pidFile,
    runAsUser: null,
    runAsGroup: null,
    preserveCwd: false,
    simulate: false,
    argv: [...selfCommand(), ...wordsOf(session, names, pidFile)],
    variables: absolute(call.variables),
  });
  if (isSecondStart(call.variables)) {
    const log = new ServiceLog(call.clock);
    const serving = await open(session, names, (text) => log.write(text));
    // Whoever started it and reads what it says would wait for its end.
    log.moveTo(session.environment.stateDirectory, `endpoints-${basename(pidFile, ".pid")}.log`);
    log.write(`serves ${names.join(", ")} from ${serving.store} as process ${process.pid}`);
    await daemonRun(daemon, async () => {
      await serving.ended();
    });
    return 0;
  }
  const pid = await daemonRun(daemon, () => {});
  if (call.isJson) await writeDocument(call, plainDocument("DaemonRun", origin(session), { pid, pidFile }));
  else await writeText(call, `serves as process ${pid}\n`);
  return 0;
}

/** The daemon runs in "/": what is said relative to this directory must mean the same there. */
function wordsOf(session: Session, names: readonly string[], pidFile: string): string[] {
  const { call, environment } = session;
  const { options } = call.invocation;
  const stale = options.number("stale");
  return [
    ...["endpoints", "serve", ...names, "--policystore", storeOf(session), "--daemonize", "--pid-file", pidFile],
    ...(options.has("take-over") ? ["--take-over"] : []),
    ...(stale === null ? [] : ["--stale", String(stale)]),
    ...(options.has("config") ? ["--config", environment.configFile] : []),
  ];
}

function absolute(variables: Readonly<Record<string, string>>): Record<string, string> {
  const names = ["MUSTER_RUNTIME_DIR", "MUSTER_STATE_DIR", "MUSTER_CONFIG"];
  const paths = names.flatMap((name) => (variables[name] ? [[name, resolve(variables[name])]] : []));
  return { ...variables, ...Object.fromEntries(paths) };
}

function storeOf({ call, environment, config }: Session): string {
  const given = call.invocation.options.text("policystore");
  return given === null ? policyStorePath(environment, config.geopm) : resolve(given);
}

async function open(session: Session, names: readonly string[], log: ServingSettings["log"]): Promise<EndpointServing> {
  const { call, config } = session;
  const modes = new Map<string, Mode>();
  for (const name of names) modes.set(name, await modeFor(session, name));
  const staleSeconds = call.invocation.options.number("stale") ?? config.geopm.staleSeconds;
  const serving = await EndpointServing.open(session, { store: storeOf(session), staleSeconds, log });
  try {
    for (const [name, mode] of modes) serving.add(name, mode);
  } catch (thrown) {
    await serving.close();
    throw withWayOut(toGeopmError(thrown));
  }
  if (serving.isStoreEmpty) tell(call, `muster: ${serving.store} has no policies yet: controllers get none`);
  return serving;
}

/** EEXIST unless it may be taken over: the operator said so, or our own service gave it up for us. */
async function modeFor(session: Session, name: string): Promise<Mode> {
  const isReleased = await releaseByService(session, name);
  return isReleased || session.call.invocation.options.has("take-over") ? "takeOver" : "create";
}

async function releaseByService(session: Session, name: string): Promise<boolean> {
  const { environment, call } = session;
  const keeperPid = inspectEndpoint(name, { ...powerHost(environment), directories: [] })?.keeperPid ?? null;
  if (keeperPid === null) return false;
  return withService(
    session,
    "once",
    async (service) => {
      const { info } = service as { readonly info?: { readonly pid: number } };
      if (info?.pid !== keeperPid) return false;
      const target = { id: endpointId(service.node, name) };
      const { results } = await service.invoke(requestOf(call, "endpoint.release", target));
      mustBeGood(results);
      return true;
    },
    { isForChange: true, kinds: ["policies"] },
  );
}

function withWayOut(error: MusterError): MusterError {
  if (error.errno !== "EEXIST") return error;
  const { code, message, target, errno, hint } = error;
  return new MusterError(code, message, {
    target,
    errno,
    hint: `--take-over goes on with what is there; ${hint}`,
    cause: error,
  });
}
