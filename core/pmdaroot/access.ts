/** Who may ask: judged by what the kernel says of the peer, before a single byte is sent to it. */
import { peerCredentials } from "#ffi/peer.ts";
import { isInitialUserNamespace } from "#ffi/procfs.ts";

export interface AccessRules {
  /** May ask about containers. */
  readonly uids: ReadonlySet<number>;
  /** May also have processes started, waited for and terminated, with the rights of this server. */
  readonly starterUids: ReadonlySet<number>;
}

export interface Peer {
  readonly uid: number;
  readonly pid: number;
  readonly mayAsk: boolean;
  readonly mayStart: boolean;
}

/** What ids look like that our own namespace has no number for: user_namespaces(7). */
const OVERFLOW = 65534;

/** Throws SysError when the kernel does not say who it is. */
export function judgePeer(descriptor: number, rules: AccessRules, procRoot: string): Peer {
  const { uid, pid } = peerCredentials(descriptor);
  const isSomebody = uid !== OVERFLOW || isInitialUserNamespace(procRoot);
  const mayStart = isSomebody && rules.starterUids.has(uid);
  return { uid, pid, mayStart, mayAsk: mayStart || (isSomebody && rules.uids.has(uid)) };
}
