/**
 * Who asks. All of it is judged in the service's own user namespace: ids are what the kernel translates them to for us, and
 * capabilities count only if they were given in the namespace we live in. Root of a namespace of its own is nobody here.
 */
import type { Fd } from "#ffi/fd.ts";
import { peerCredentials, peerPidFd } from "#ffi/peer.ts";
import { readProcessCredentials, userNamespaceOf } from "#ffi/process-credentials.ts";
import { isInitialUserNamespace } from "#ffi/procfs.ts";

export interface Caller {
  readonly uid: number;
  readonly gid: number;
  /** null when its pid namespace is not visible from here. */
  readonly pid: number | null;
  /** Effective capabilities as a set of bits; 0n when the peer is in another user namespace than the service. */
  readonly capabilities: bigint;
  /** Effective uid of the service that is asked. */
  readonly serviceUid: number;
}

/** Root, or the user the service runs as. */
export function isOwn({ uid, serviceUid }: Caller): boolean {
  return uid === 0 || uid === serviceUid;
}

/** No user has this id: (uid_t) -1, which the kernel gives to nobody. */
const NOBODY = 0xffffffff;
/** What ids look like that the service's own namespace has no number for: user_namespaces(7). */
const OVERFLOW = 65534;

/** This process itself: what it may do is up to the kernel alone. */
export function selfCaller(uid: number, gid: number, pid: number): Caller {
  return { uid, gid, pid, capabilities: 0n, serviceUid: uid };
}

/** The other end of a unix socket, as it was when it connected. Throws SysError if the socket has no peer. */
export function peerCaller(fd: Fd | number, serviceUid: number, procRoot: string): Caller {
  const { uid, gid, pid } = peerCredentials(fd);
  const isMapped = uid !== OVERFLOW || isInitialUserNamespace(procRoot);
  return {
    uid: isMapped ? uid : NOBODY,
    gid,
    pid: pid === 0 ? null : pid,
    capabilities: isMapped && pid !== 0 ? capabilitiesOf(fd, pid, uid, procRoot) : 0n,
    serviceUid,
  };
}

/**
 * The pid may be another process's by now, so the peer is held while it is looked at and must live afterwards. It may also
 * have executed a set-user-id program since it connected: then its ids are no longer those of who asked.
 */
function capabilitiesOf(fd: Fd | number, pid: number, uid: number, procRoot: string): bigint {
  using held = peerPidFd(fd);
  if (held === null) return 0n;
  const own = userNamespaceOf(procRoot, "self");
  const credentials = readProcessCredentials(procRoot, pid);
  const isNeighbour = own !== null && userNamespaceOf(procRoot, pid) === own;
  if (!credentials || !isNeighbour || !held.isAlive()) return 0n;
  return credentials.uids.every((id) => id === uid) ? credentials.effectiveCapabilities : 0n;
}
