/** `root serve`: muster in the place of pmdaroot(1), in the foreground until a signal ends it. */
import { MusterError } from "#core/model/error.ts";
import { accessRules } from "#core/pmdaroot/access.ts";
import { enginePlaces } from "#core/pmdaroot/engines/places.ts";
import { openRoot } from "#core/pmdaroot/open-root.ts";
import { defaultSocketPath, pcpUserName } from "#core/pmdaroot/socket-path.ts";
import { lookupUser } from "#ffi/accounts.ts";
import { openFileLimit } from "#ffi/sysconf.ts";
import type { Call } from "../context.ts";
import { usage } from "../option-values.ts";
import { ServiceLog } from "../service-log.ts";
import { openSession, refuseProblems } from "../session.ts";

export async function serveRoot(call: Call): Promise<number> {
  const session = await openSession(call);
  refuseProblems(session);
  if (session.root !== null) throw new MusterError("UNSUPPORTED", "with --root muster only looks: it serves nobody");
  const { options } = call.invocation;
  const log = new ServiceLog(call.clock);
  // Whatever is watched from the first moment on must end in order.
  const ended = untilSignal();
  const root = openRoot({
    path: options.text("socket") ?? defaultSocketPath(call.variables),
    places: enginePlaces(call.variables, (uid) => lookupUser(uid)?.home ?? null),
    access: accessOf(call, session.isReadOnly),
    isLoose: options.has("pcp-match"),
    procRoot: session.environment.procRoot,
    uid: call.uid,
    variables: call.variables,
    descriptors: openFileLimit(),
    clock: call.clock,
    log: (text) => log.write(text),
  });
  log.write(`listens at ${root.path} as process ${process.pid}; ${root.index.size} containers`);
  log.write(`ends: ${await ended}`);
  root.close();
  return 0;
}

function untilSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => resolve(signal));
  });
}

function accessOf(call: Call, isReadOnly: boolean) {
  const { options } = call.invocation;
  const listed = (name: string) => (options.text(name) ?? "").split(",").filter((word) => word !== "");
  const words = {
    allow: options.has("allow") ? listed("allow") : null,
    allowStart: listed("allow-start"),
    pcpUser: pcpUserName(call.variables),
    uid: call.uid,
    isReadOnly: () => isReadOnly,
  };
  return accessRules(words, (word, list) => {
    throw usage(`--${list === "allow" ? "allow" : "allow-start"}: there is no user '${word}'`, word);
  });
}
