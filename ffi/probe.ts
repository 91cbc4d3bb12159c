/** What this host can do, as plain data: every answer with a sentence why not. */
import { CString } from "bun:ffi";
import { isWritable } from "./access.ts";
import { parseCgroupMounts, parseOwnCgroup } from "./cgroup-mount.ts";
import { closeConnector, openConnector } from "./connector.ts";
import { isKernelAtLeast, kernelRelease } from "./kernel-release.ts";
import { lazyLibc } from "./libc.ts";
import { PidFd } from "./pidfd.ts";
import { readProcText } from "./proc-file.ts";
import { isInitialPidNamespace, isInitialUserNamespace } from "./proc-namespace.ts";
import { SysError } from "./sys-error.ts";

export interface Capability {
  readonly ok: boolean;
  /** A sentence when not ok, else null. */
  readonly reason: string | null;
}

export interface HostProbe {
  readonly kernelRelease: string;
  /** As in process.arch: "x64", "arm64". */
  readonly architecture: string;
  /** Version of glibc. */
  readonly libcVersion: string;
  readonly pidfd: Capability;
  readonly pidfdGetInfo: Capability;
  readonly pidfdExitInfo: Capability;
  /** `filter`: by the kernel at the source; `privileged`: a receive buffer large enough for storms. */
  readonly procEvents: Capability & {
    readonly available: boolean;
    readonly filter: boolean;
    readonly privileged: boolean;
  };
  readonly cgroup: Capability & {
    readonly version: "v1" | "v2" | "hybrid" | null;
    readonly v2Mount: string | null;
    readonly controllers: readonly string[];
    /** Whether groups can be made below our own. */
    readonly writable: boolean;
  };
  /** Ok when initial. */
  readonly userNamespace: Capability;
  readonly pidNamespace: Capability;
  /** May take other ids: CAP_SETUID and CAP_SETGID. */
  readonly canSetuid: Capability;
  /** null: unlimited. */
  readonly openFileLimit: Capability & { readonly soft: number | null; readonly hard: number | null };
  readonly inotify: Capability & {
    readonly maxInstances: number | null;
    readonly maxWatches: number | null;
    readonly maxQueuedEvents: number | null;
  };
}

const CAP_SETGID = 6n;
const CAP_SETUID = 7n;

const versions = lazyLibc({ gnu_get_libc_version: { args: [], returns: "ptr" } });

/** `procRoot` and `sysRoot` stand for /proc and /sys; system calls are made for real whatever they are. */
export function probe(procRoot = "/proc", sysRoot = "/sys"): HostProbe {
  const version = versions().gnu_get_libc_version();
  return {
    kernelRelease: kernelRelease(),
    architecture: process.arch,
    libcVersion: version === null ? "" : new CString(version).toString(),
    ...probePidFd(),
    procEvents: probeProcEvents(),
    cgroup: probeCgroup(procRoot, sysRoot),
    userNamespace: capability(isInitialUserNamespace(procRoot), "This is not the machine's first user namespace."),
    pidNamespace: capability(
      isInitialPidNamespace(procRoot),
      "This is not the machine's first pid namespace: locks of dead takers are hidden, process events do not arrive.",
    ),
    canSetuid: probeSetuid(procRoot),
    openFileLimit: probeOpenFileLimit(procRoot),
    inotify: probeInotify(procRoot),
  };
}

function capability(ok: boolean, reason: string): Capability {
  return { ok, reason: ok ? null : reason };
}

function probePidFd(): Pick<HostProbe, "pidfd" | "pidfdGetInfo" | "pidfdExitInfo"> {
  let opened: string | null = null;
  let hasInfo = false;
  try {
    using self = PidFd.open(process.pid);
    hasInfo = (self?.info() ?? null) !== null;
  } catch (error) {
    opened = failureText(error);
  }
  return {
    pidfd: capability(opened === null, `pidfd_open does not work: ${opened}.`),
    pidfdGetInfo: capability(hasInfo, "PIDFD_GET_INFO needs Linux 6.13."),
    pidfdExitInfo: capability(
      hasInfo && isKernelAtLeast(6, 15),
      "The exit status of processes that are not children needs Linux 6.15.",
    ),
  };
}

function probeProcEvents(): HostProbe["procEvents"] {
  const filter = isKernelAtLeast(6, 6);
  try {
    const { socket, isBufferForced } = openConnector(["exit"], 1 << 16);
    closeConnector(socket);
    return { ok: true, reason: null, available: true, filter, privileged: isBufferForced };
  } catch (error) {
    const reason = `Process events are not to be had: ${failureText(error)}.`;
    return { ok: false, reason, available: false, filter, privileged: false };
  }
}

function probeCgroup(procRoot: string, sysRoot: string): HostProbe["cgroup"] {
  const { version, v2Mount } = parseCgroupMounts(readText(`${procRoot}/self/mountinfo`));
  if (v2Mount === null) {
    return { ok: false, reason: "No cgroup v2 is mounted.", version, v2Mount, controllers: [], writable: false };
  }
  const directory = v2Mount.startsWith("/sys/") ? sysRoot + v2Mount.slice("/sys".length) : v2Mount;
  const own = parseOwnCgroup(readText(`${procRoot}/self/cgroup`)) ?? "/";
  const writable = isWritable(directory + own);
  return {
    ...capability(writable, `No group can be made below ${v2Mount}${own}.`),
    version,
    v2Mount,
    controllers: readText(`${directory}/cgroup.controllers`).split(/\s+/).filter(Boolean),
    writable,
  };
}

function probeSetuid(procRoot: string): Capability {
  const effective = BigInt(`0x${/^CapEff:\s+([0-9a-f]+)$/m.exec(readText(`${procRoot}/self/status`))?.[1] ?? "0"}`);
  const has = (bit: bigint) => (effective & (1n << bit)) !== 0n;
  return capability(
    has(CAP_SETUID) && has(CAP_SETGID),
    "Other users' ids cannot be taken: CAP_SETUID and CAP_SETGID are missing.",
  );
}

function probeOpenFileLimit(procRoot: string): HostProbe["openFileLimit"] {
  const match = /^Max open files\s+(\S+)\s+(\S+)/m.exec(readText(`${procRoot}/self/limits`));
  const limit = (text: string | undefined) => (text === undefined || text === "unlimited" ? null : Number(text));
  return {
    ...capability(match !== null, "/proc does not tell the limits of this process."),
    soft: limit(match?.[1]),
    hard: limit(match?.[2]),
  };
}

function probeInotify(procRoot: string): HostProbe["inotify"] {
  const limit = (name: string) => {
    const text = readText(`${procRoot}/sys/fs/inotify/${name}`).trim();
    return /^[0-9]+$/.test(text) ? Number(text) : null;
  };
  const maxInstances = limit("max_user_instances");
  const maxWatches = limit("max_user_watches");
  return {
    ...capability(maxInstances !== 0 && maxWatches !== 0, "The limits of inotify are 0."),
    maxInstances,
    maxWatches,
    maxQueuedEvents: limit("max_queued_events"),
  };
}

/** Empty when it cannot be read: the answer is then the cautious one. */
function readText(path: string): string {
  try {
    return readProcText(path) ?? "";
  } catch (error) {
    if (error instanceof SysError) return "";
    throw error;
  }
}

function failureText(error: unknown): string {
  return error instanceof SysError ? error.message : String(error);
}
