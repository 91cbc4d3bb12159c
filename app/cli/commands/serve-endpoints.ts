/**
 * `endpoints serve`: the policy daemon in front, for as many endpoints as asked for. What muster's service made a moment ago is
 * given up by it and taken over; what others left only with --take-over.
 */
import { resolve } from "node:path";
import { gate } from "#core/act/gate.ts";
import { toGeopmError } from "#core/geopm/errors.ts";
import { inspectEndpoint, type ListedEndpoint } from "#core/geopm/listing.ts";
import { PolicyServer } from "#core/geopm/policy-server.ts";
import type { ServerEvent } from "#core/geopm/served-endpoint.ts";
import { EndpointWaits } from "#core/geopm/waits.ts";
import { MusterError } from "#core/model/error.ts";
import { lockRecovered, type PowerEvent, serverEvent } from "#core/service/observe/power-events.ts";
import { policyStorePath, powerHost } from "#core/service/power-host.ts";
import { endpointId } from "#core/service/power-id.ts";
import { errorOf, isGood, newRequestId } from "../acting.ts";
import type { Call } from "../context.ts";
import { type Follower, follow, timeCell } from "../follow.ts";
import { usage } from "../option-values.ts";
import { typedEndpoint } from "../power-names.ts";
import { openSoundSession, type Session, tellWarnings, withService } from "../session.ts";

export async function serveEndpoints(call: Call): Promise<number> {
  const session = await openSoundSession(call);
  const closed = gate("change", "Serve endpoints", {
    isReadOnly: session.isReadOnly,
    isForeignRoot: session.root !== null,
  });
  if (closed) throw closed;
  const stale = call.invocation.options.number("stale");
  if (stale === 0) throw usage("--stale must be more than 0", "--stale");
  const typed = [...new Set(call.invocation.words)].map((word) => typedEndpoint(session, word));
  tellWarnings(
    call,
    typed.flatMap(({ warning }) => warning ?? []),
  );
  const names = [...new Set(typed.map(({ name }) => name))];
  const modes = new Map<string, "create" | "takeOver">();
  for (const name of names) modes.set(name, await modeFor(session, name));
  return serve(session, modes);
}

/** EEXIST unless it may be taken over: because the operator said so, or because our own service gave it up for us. */
async function modeFor(session: Session, name: string): Promise<"create" | "takeOver"> {
  if (session.call.invocation.options.has("take-over")) {
    await releaseByService(session, name);
    return "takeOver";
  }
  return (await releaseByService(session, name)) ? "takeOver" : "create";
}

async function releaseByService(session: Session, name: string): Promise<boolean> {
  const found = inspect(session, name);
  if (found === null || found.keeperPid === null) return false;
  const { keeperPid } = found;
  return withService(
    session,
    "once",
    async (service) => {
      if (!("info" in service) || (service.info as { pid?: unknown }).pid !== keeperPid) return false;
      const { results } = await service.invoke({
        action: "endpoint.release",
        targets: [{ id: endpointId(service.node, name) }],
        arguments: {},
        dryRun: false,
        requestId: newRequestId(session.call),
        via: "cli",
      });
      for (const result of results) if (!isGood(result)) throw errorOf(result);
      return true;
    },
    { isForChange: true, kinds: ["policies"] },
  );
}

function inspect({ environment }: Session, name: string): ListedEndpoint | null {
  return inspectEndpoint(name, { ...powerHost(environment), directories: [] });
}

async function serve(session: Session, modes: ReadonlyMap<string, "create" | "takeOver">): Promise<number> {
  const { call, environment, config } = session;
  const { options } = call.invocation;
  const store = options.text("policystore");
  const path = store === null ? policyStorePath(environment, config.geopm) : resolve(store);
  const told: PowerEvent[] = [];
  let follower: Follower | null = null;
  const tellEvent = (event: PowerEvent) => {
    if (follower) write(call, follower, event);
    else told.push(event);
  };
  const server = new PolicyServer({
    clock: call.clock,
    host: powerHost(environment),
    waits: new EndpointWaits(call.clock),
    policyStorePath: path,
    staleSeconds: options.number("stale") ?? config.geopm.staleSeconds,
    onLockRecovered: (event) => tellEvent(lockRecovered(environment.node, event)),
    onEvent: (event) => {
      tellEvent(serverEvent(environment.node, event));
      // It is released behind this event.
      if (event.type === "failed") queueMicrotask(() => endIfEmpty(event));
    },
  });
  const endIfEmpty = (event: ServerEvent & { type: "failed" }) => {
    if (server.names.every((name) => name === event.endpoint)) follower?.giveUp(event.error);
  };
  try {
    for (const [name, mode] of modes) server.add(name, mode);
  } catch (thrown) {
    await server.close();
    throw withWayOut(toGeopmError(thrown));
  }
  try {
    return await follow(session, { kinds: ["endpoints"], intervalMs: null }, (made) => {
      follower = made;
      for (const name of modes.keys()) made.print([timeCell(call), name, "served", path]);
      for (const event of told) write(call, made, event);
      return () => {
        follower = null;
      };
    });
  } finally {
    await server.close();
  }
}

function withWayOut(error: MusterError): MusterError {
  if (error.errno !== "EEXIST") return error;
  return new MusterError(error.code, error.message, {
    target: error.target,
    errno: error.errno,
    hint: `--take-over goes on with what is there; ${error.hint}`,
    cause: error,
  });
}

function write(call: Call, { stream, print }: Follower, { severity, code, target, message }: PowerEvent): void {
  stream?.event({ severity, code, target, message });
  print([timeCell(call), severity, message]);
}
