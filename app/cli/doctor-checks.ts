/** The single checks of `doctor`, each a name, whether it is needed, and a sentence. */
import { accessSync, constants, statSync } from "node:fs";
import { dirname } from "node:path";
import { errnoName, toMusterError } from "#core/model/error.ts";
import { findBaseGroup } from "#core/pagg/job/base-group.ts";
import { connectRoot } from "#core/pmdaroot/client.ts";
import { engineDirectories, enginePlaces } from "#core/pmdaroot/engines/places.ts";
import { defaultSocketPath } from "#core/pmdaroot/socket-path.ts";
import { lookupUser } from "#ffi/accounts.ts";
import type { Capability, HostProbe } from "#ffi/probe.ts";
import { readProcRecord } from "#ffi/proc-file.ts";
import { connectUnix } from "#ffi/unix-socket.ts";
import type { Call } from "./context.ts";
import type { Session } from "./session.ts";

export interface Check {
  readonly group: "kernel" | "directory" | "configuration" | "service";
  readonly name: string;
  readonly needed: boolean;
  readonly ok: boolean;
  readonly detail: string | null;
}

export function kernelChecks(host: HostProbe): Check[] {
  const { soft, hard } = host.openFileLimit;
  return [
    {
      group: "kernel",
      name: "kernel",
      needed: true,
      ok: true,
      detail: `Linux ${host.kernelRelease} ${host.architecture}`,
    },
    { group: "kernel", name: "libc", needed: true, ok: true, detail: `glibc ${host.libcVersion}` },
    kernelCheck("pidfd", host.pidfd, true),
    kernelCheck("pidfd-info", host.pidfdGetInfo),
    kernelCheck("pidfd-exit-info", host.pidfdExitInfo),
    kernelCheck("process-events", host.procEvents),
    kernelCheck("cgroup", host.cgroup, false, `${host.cgroup.version} ${host.cgroup.v2Mount}`),
    kernelCheck("user-namespace", host.userNamespace),
    kernelCheck("pid-namespace", host.pidNamespace),
    kernelCheck("set-user-id", host.canSetuid),
    kernelCheck("open-files", host.openFileLimit, false, `${soft ?? "unlimited"} of ${hard ?? "unlimited"}`),
    kernelCheck("inotify", host.inotify),
  ];
}

function kernelCheck(name: string, capability: Capability, needed = false, found: string | null = null): Check {
  const { ok, reason } = capability;
  return { group: "kernel", name, needed, ok, detail: ok ? found : reason };
}

/** What holds the processes of jobs here, and whether old clients find jobd. */
export function jobChecks({ environment, config }: Session, host: HostProbe): Check[] {
  const { procRoot, uid } = environment;
  const { cgroup, jobdSocket } = config.jobs;
  const found = findBaseGroup({ procRoot, uid, wanted: cgroup });
  const tracker = host.procEvents.ok ? "the tracker holds jobs" : `and no tracker: ${host.procEvents.reason}`;
  const isHeld = typeof found !== "string";
  const containment: Check = {
    group: "kernel",
    name: "job-containment",
    needed: false,
    ok: isHeld,
    detail: isHeld ? `cgroup ${found.mount}${found.path}` : `${found}; ${tracker}`,
  };
  return jobdSocket === null ? [containment] : [containment, jobdCheck(jobdSocket)];
}

/** Which engines are seen, and who answers PCP. */
export async function pmdaRootChecks({ call, environment, config, root }: Session): Promise<Check[]> {
  if (root !== null) return [];
  const places = enginePlaces(environment.variables, (uid) => lookupUser(uid)?.home ?? null);
  const seen = engineDirectories(places).filter(({ directory }) => mayBeDirectory(directory));
  const named = seen.map(({ engine, directory }) => {
    const problem = denied(directory, constants.R_OK | constants.X_OK);
    return `${engine} ${problem ?? directory}`;
  });
  const isWhole = seen.every(({ directory }) => denied(directory, constants.R_OK | constants.X_OK) === null);
  return [
    {
      group: "directory",
      name: "container-engines",
      needed: false,
      ok: isWhole,
      detail: named.length === 0 ? "none is installed" : named.join("; "),
    },
    await rootSocketCheck(call, config.pmdaroot.socket),
  ];
}

/** That nobody is there is no lack: PCP may not be installed. */
async function rootSocketCheck(call: Call, socket: string | null): Promise<Check> {
  const check = { group: "service", name: "pmdaroot-socket", needed: false } as const;
  try {
    const path = socket ?? defaultSocketPath(call.variables);
    using client = await connectRoot({ path, clock: call.clock, timeoutMs: ROOT_PATIENCE_MS });
    const { pid, uid } = client.server;
    const comm = readProcRecord(`/proc/${pid}/comm`)?.trim() ?? "gone";
    const arguments_ = (readProcRecord(`/proc/${pid}/cmdline`) ?? "").split("\0");
    const who = arguments_.some((word) => word === "serve") ? "muster" : comm;
    return { ...check, ok: true, detail: `${path}: ${who}, process ${pid} of uid ${uid}` };
  } catch (thrown) {
    const { message, errno } = toMusterError(thrown);
    return { ...check, ok: errno === "ENOENT" || errno === null, detail: message };
  }
}

const ROOT_PATIENCE_MS = 2000;

function jobdCheck(path: string): Check {
  const check = { group: "service", name: "jobd-socket", needed: false } as const;
  try {
    connectUnix(path).close();
    return { ...check, ok: true, detail: path };
  } catch (thrown) {
    const errno = errnoName(thrown);
    const reason = errno === "ENOENT" ? "nobody listens there" : `it does not answer: ${errno ?? String(thrown)}`;
    return { ...check, ok: false, detail: `${path}: ${reason}` };
  }
}

export function directoryChecks({ environment, config, isReadOnly, root }: Session): Check[] {
  const isWritten = !isReadOnly && root === null;
  return [
    writableCheck("state", environment.stateDirectory, isWritten),
    writableCheck("runtime", environment.runtimeDirectory, isWritten),
    ...config.discover.map((directory) => readableCheck(environment.root + directory)),
  ];
}

/** A directory that does not exist yet is made when it is needed, if its nearest ancestor lets us. */
function writableCheck(name: string, directory: string, needed: boolean): Check {
  let place = directory;
  while (!exists(place) && place !== dirname(place)) place = dirname(place);
  const problem = kindOf(place) === "other" ? `${place} is not a directory` : denied(place, constants.W_OK);
  const detail = problem === null ? directory : `${directory}: ${problem}`;
  return { group: "directory", name: `${name}-directory`, needed, ok: problem === null, detail };
}

function readableCheck(directory: string): Check {
  const problem = mayBeDirectory(directory) ? denied(directory, constants.R_OK | constants.X_OK) : "no such directory";
  const detail = problem === null ? directory : `${directory}: ${problem}`;
  return { group: "directory", name: "discover", needed: false, ok: problem === null, detail };
}

function exists(path: string): boolean {
  return kindOf(path) !== "missing";
}

function mayBeDirectory(path: string): boolean {
  return ["directory", "hidden"].includes(kindOf(path));
}

/** hidden: a directory on the way may not be searched. */
function kindOf(path: string): "directory" | "other" | "hidden" | "missing" {
  try {
    const status = statSync(path, { throwIfNoEntry: false });
    if (status === undefined) return "missing";
    return status.isDirectory() ? "directory" : "other";
  } catch (thrown) {
    const errno = errnoName(thrown);
    if (errno === null) throw thrown;
    return errno === "ENOTDIR" ? "missing" : "hidden";
  }
}

function denied(path: string, mode: number): string | null {
  try {
    accessSync(path, mode);
    return null;
  } catch (thrown) {
    return `${path} cannot be ${mode & constants.W_OK ? "written" : "read"}: ${errnoName(thrown) ?? String(thrown)}`;
  }
}

export function configurationChecks({ environment, config }: Session): Check[] {
  const group = "configuration" as const;
  const isAbsent = !exists(environment.configFile);
  const found = isAbsent ? `${environment.configFile} does not exist; the defaults hold` : environment.configFile;
  const mistakes = config.problems.map(({ file, line, reason }) => ({
    group,
    name: line === null ? file : `${file}:${line}`,
    needed: true,
    ok: false,
    detail: reason,
  }));
  return [
    { group, name: "configuration-file", needed: false, ok: true, detail: found },
    { group, name: "declared-daemons", needed: false, ok: true, detail: String(config.daemons.length) },
    ...mistakes,
  ];
}
