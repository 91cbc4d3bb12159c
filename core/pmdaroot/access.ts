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
  readonly mayStart: boolean;
}

/** What ids look like that our own namespace has no number for: user_namespaces(7). */
const OVERFLOW = 65534;

/** null: he is not to be let in. */
export function admit(descriptor: number, rules: AccessRules, procRoot: string): Peer | null {
  const { uid, pid } = peerCredentials(descriptor);
  if (uid === OVERFLOW && !isInitialUserNamespace(procRoot)) return null;
  const mayStart = rules.starterUids.has(uid);
  return mayStart || rules.uids.has(uid) ? { uid, pid, mayStart } : null;
}
