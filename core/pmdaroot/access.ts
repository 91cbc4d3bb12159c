/** Who may ask: judged by what the kernel says of the peer, before a single byte is sent to it. */
import { lookupUser } from "#ffi/accounts.ts";
import { peerCredentials } from "#ffi/peer.ts";
import { isInitialUserNamespace } from "#ffi/procfs.ts";

export interface AccessRules {
  /** May ask about containers. */
  readonly uids: ReadonlySet<number>;
  /** May also have processes started, waited for and terminated, with the rights of this server. */
  readonly starterUids: ReadonlySet<number>;
  /** Asked at each request: then nothing is started or terminated for anybody. */
  readonly isReadOnly: () => boolean;
}

export interface AccessWords {
  /** Names, numbers or `#number`; null: the user PCP runs as, if there is one. */
  readonly allow: readonly string[] | null;
  readonly allowStart: readonly string[];
  readonly pcpUser: string;
  /** Who runs the server. */
  readonly uid: number;
  readonly isReadOnly: () => boolean;
}

const ROOT = 0;
/** (uid_t) -1: nobody. */
const NO_UID = 0xffff_ffff;

/** Root and whoever runs the server may always. `unknown` is called for what is no user. */
export function accessRules(
  words: AccessWords,
  unknown: (word: string, list: "allow" | "allowStart") => void,
): AccessRules {
  const { allow, allowStart, pcpUser, uid, isReadOnly } = words;
  const uids = (list: readonly string[], of: "allow" | "allowStart") =>
    list.flatMap((word) => {
      const number = /^#?([0-9]{1,10})$/.exec(word)?.[1];
      const found = number === undefined ? lookupUser(word)?.uid : Number(number);
      if (found !== undefined && found < NO_UID) return [found];
      unknown(word, of);
      return [];
    });
  const pcp = lookupUser(pcpUser)?.uid;
  const asking = allow === null ? (pcp === undefined ? [] : [pcp]) : uids(allow, "allow");
  const starting = uids(allowStart, "allowStart");
  return {
    uids: new Set([ROOT, uid, ...asking, ...starting]),
    starterUids: new Set([ROOT, uid, ...starting]),
    isReadOnly,
  };
}

export interface Peer {
  readonly uid: number;
  readonly pid: number;
  readonly mayAsk: boolean;
  /** For the ends of processes that were started for him. */
  readonly mayWait: boolean;
  /** And terminate. */
  readonly mayStart: boolean;
}

/** What ids look like that our own namespace has no number for: user_namespaces(7). */
const OVERFLOW = 65534;

/** Throws SysError when the kernel does not say who it is. */
export function judgePeer(descriptor: number, rules: AccessRules, procRoot: string): Peer {
  const { uid, pid } = peerCredentials(descriptor);
  const isSomebody = uid !== OVERFLOW || isInitialUserNamespace(procRoot);
  const isStarter = isSomebody && rules.starterUids.has(uid);
  return {
    uid,
    pid,
    mayAsk: isStarter || (isSomebody && rules.uids.has(uid)),
    mayWait: isStarter,
    get mayStart() {
      return isStarter && !rules.isReadOnly();
    },
  };
}
