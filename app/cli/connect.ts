/**
 * Which service a command talks to:
 *
 *     the user's own, if its socket answers          for everything
 *     root's, if the user has nothing of his own     for the console, for reading, and for what may be another's to allow
 *     one in this very process                       otherwise; --root, and a store of one's own, always
 *
 * What must outlive the command needs the first, which is started for it unless that is forbidden.
 */
import { existsSync, readdirSync } from "node:fs";
import { errnoName, MusterError, toMusterError } from "#core/model/error.ts";
import { KIND_NAMES, type Kind } from "#core/model/kind-names.ts";
import type { Warning } from "#core/model/source.ts";
import type { LocalServiceOptions } from "#core/service/options.ts";
import type { RemoteService } from "#core/service/rpc/client.ts";
import type { Service } from "#core/service/service.ts";
import { configDigest } from "./config-digest.ts";
import { tell } from "./context.ts";
import { placesOf } from "./places.ts";
import { servicePlace } from "./service-place.ts";
import type { Session } from "./session.ts";

/** What a command wants of the service. */
export interface Wish {
  /** Only these are looked at; all if left out. */
  readonly kinds?: readonly Kind[];
  /** It may want to change something, so it has to be the user's own. */
  readonly isForChange?: boolean;
  /** What it does must outlive the command, so a service has to run. */
  readonly needsLasting?: boolean;
  /** It is about what others may have made: who has nothing of his own asks root's service, which judges him. */
  readonly isOfAnybody?: boolean;
  /** Only root sees all of it: other users ask his service before their own. */
  readonly isOfSystem?: boolean;
}

type Mode = LocalServiceOptions["mode"];

/** Throws UNREACHABLE and START_FAILED, but only for what needs a service that lasts. */
export async function openService(session: Session, mode: Mode, wish: Wish): Promise<Service> {
  const { environment, config, isReadOnly, call, root } = session;
  if (root === null && !session.isApart) {
    const remote = await findService(session, mode, wish);
    if (remote) return remote;
  }
  const { openLocalService } = await import("#core/service/local.ts");
  const kinds = wish.kinds ? { kinds: wish.kinds } : {};
  return openLocalService({ environment, clock: call.clock, config, isReadOnly, mode, ...kinds });
}

async function findService(session: Session, mode: Mode, wish: Wish): Promise<RemoteService | null> {
  const isLasting =
    wish.needsLasting === true && !session.isReadOnly && !session.call.invocation.options.has("dry-run");
  const first = wish.isOfSystem ? await connectSystem(session, mode, wish) : null;
  if (first) return first;
  const own = await connectOwn(session, mode, wish, isLasting);
  if (own) return own;
  const system = wish.isOfAnybody ? await connectSystem(session, mode, wish) : null;
  if (system) return system;
  if (isLasting) return startOwn(session, mode, wish);
  return wish.isForChange || wish.needsLasting ? null : connectSystem(session, mode, wish);
}

/** What is broken about the socket is an error only for what cannot do without it. */
async function connectOwn(session: Session, mode: Mode, wish: Wish, isNeeded: boolean): Promise<RemoteService | null> {
  const { environment } = session;
  const { socket } = servicePlace(environment);
  if (!existsSync(socket)) return null;
  try {
    const service = await connect(session, socket, mode, wish);
    // Whoever names another configuration wants what that says.
    if (!isNeeded && service.info.configFile !== environment.configFile) {
      await service.close();
      return null;
    }
    tellChanges(session, service);
    return service;
  } catch (thrown) {
    const error = toMusterError(thrown, socket);
    // A socket that a dead service left is as good as none.
    if (isNeeded && error.code !== "UNREACHABLE") throw error;
    return null;
  }
}

function tellChanges({ call, config, environment }: Session, { info }: RemoteService): void {
  if (info.configFile !== environment.configFile || info.configuration === configDigest(config)) return;
  tell(call, `the configuration has changed since the service read it: kill -HUP ${info.pid} lets it read it again`);
}

/** Another user's service is looked at only by those who have nothing of their own that would be hidden by it. */
async function connectSystem(session: Session, mode: Mode, wish: Wish): Promise<RemoteService | null> {
  const { environment, call } = session;
  const { stateDirectory, configFile, uid } = environment;
  const isPlain = uid !== 0 && !call.variables.MUSTER_RUNTIME_DIR && !call.invocation.options.has("config");
  const hasOwn = keepsSomething(stateDirectory) || existsSync(configFile);
  if (!isPlain || (hasOwn && !wish.isOfSystem)) return null;
  const { socket } = servicePlace(placesOf({ variables: {}, uid: 0, root: "", configFile: null }));
  if (!existsSync(socket)) return null;
  try {
    return await connect(session, socket, mode, wish);
  } catch {
    return null;
  }
}

/** Recordings of the console are nothing that a service keeps. */
function keepsSomething(stateDirectory: string): boolean {
  try {
    return readdirSync(stateDirectory).some((name) => name.endsWith(".db"));
  } catch (thrown) {
    return errnoName(thrown) !== "ENOENT";
  }
}

async function connect(session: Session, path: string, mode: Mode, { kinds }: Wish): Promise<RemoteService> {
  const { call, environment, isReadOnly } = session;
  const { openRemoteService } = await import("#core/service/rpc/client.ts");
  const trustedUids = [0, environment.uid];
  return openRemoteService({ path, clock: call.clock, trustedUids, kinds: kinds ?? KIND_NAMES, mode, isReadOnly });
}

async function startOwn(session: Session, mode: Mode, wish: Wish): Promise<RemoteService> {
  const { service, warning } = await startAndConnect(session, mode, wish);
  if (warning) tell(session.call, warning.message);
  return service;
}

/** For a console: one that runs, else one that begins here and moves to the user's own when something has to last. */
export async function openMovable(session: Session): Promise<Service> {
  const first = await openService(session, "watch", { isForChange: true, isOfAnybody: true });
  if ("info" in first || session.root !== null || session.isReadOnly) return first;
  const { createHandover } = await import("#core/service/handover.ts");
  return createHandover({
    first,
    clock: session.call.clock,
    find: () => findOwn(session),
    open: () => startAndConnect(session, "watch", {}),
  });
}

/** The user's own service, if it runs by now and is of the same configuration. Says nothing: a console is on the screen. */
async function findOwn(session: Session): Promise<RemoteService | null> {
  const { environment } = session;
  const { socket } = servicePlace(environment);
  if (!existsSync(socket)) return null;
  try {
    const service = await connect(session, socket, "watch", {});
    if (service.info.configFile === environment.configFile) return service;
    await service.close();
  } catch {
    // Left by a dead one, or busy: the next look tells.
  }
  return null;
}

async function startAndConnect(
  session: Session,
  mode: Mode,
  wish: Wish,
): Promise<{ service: RemoteService; warning: Warning | null }> {
  const { call, environment } = session;
  const { socket } = servicePlace(environment);
  if (call.invocation.options.has("no-autostart")) {
    throw new MusterError("UNREACHABLE", "this needs muster's service, and it does not run", {
      target: socket,
      hint: "start it with 'muster serve', or leave out --no-autostart",
    });
  }
  const { startService } = await import("./autostart.ts");
  const isNew = await startService(session);
  const service = await connect(session, socket, mode, wish);
  const message = `started muster's service (pid ${service.info.pid}); --no-autostart forbids that`;
  return { service, warning: isNew ? { code: "SERVICE_STARTED", target: socket, message } : null };
}
