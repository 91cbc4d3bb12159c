/**
 * One request of jobd's protocol -> its reply, by way of JobRequests. What each returns beside an error is jobd's: some
 * return 0, KILLJID -1, some what was sent.
 */
import { errorRecord } from "#core/model/error.ts";
import { ERRNO, errnoNumber } from "#ffi/errno-names.ts";
import type { Fd } from "#ffi/fd.ts";
import { kernelBytes } from "#ffi/memory.ts";
import { jobError } from "../errors.ts";
import { DISABLED } from "../jid.ts";
import type { Jid, JobRequests } from "../requests.ts";
import { LIST_STRIDE, REQUESTS, type RequestName, requestName } from "./layout.ts";
import type { Message } from "./message.ts";

/**
 * The requests that change something, for one who asks: each throws to refuse, or is performed. That of RUNCSA has nothing
 * to perform: there is no accounting daemon here.
 */
export type JobChanges = Pick<
  JobRequests,
  "create" | "killjid" | "sethid" | "detachjid" | "detachpid" | "attachpid"
> & { runcsa(): void };

/** `peer` is the connection: who is at its other end is found out only when somebody wants to know. */
export type ChangesBy = (peer: Fd) => JobChanges;

export interface Asked {
  readonly jobs: JobRequests;
  readonly changesBy: ChangesBy;
  readonly peer: Fd;
  /** WAITJID: replies when the job ends. Throws ENODATA. */
  wait(jid: Jid): void;
  /** One line for whoever runs the service. */
  log(text: string): void;
}

/** What follows the echoed request: a list; nothing; or no reply at all, now or for ever. */
export type Answer = Uint8Array<ArrayBuffer> | "nothing" | "later" | "refuse";

/** refuse: it is too short for what it asks. jobd answers that out of what an earlier request left on its stack. */
export function answer(message: Message, asked: Asked): Answer {
  const name = requestName(message.req);
  if (name === null) {
    message.err = ERRNO.EBADRQC;
    return "nothing";
  }
  if (message.size < REQUESTS[name].needs) return "refuse";
  try {
    return HANDLERS[name](message, asked);
  } catch (thrown) {
    message.err = errnoOf(thrown, asked);
    FAILED[name]?.(message);
    return "nothing";
  }
}

/** What is returned when there is an error; where nothing is, the reply has what was sent. */
const FAILED: Readonly<Partial<Record<RequestName, (message: Message) => void>>> = {
  CREATE: (message) => message.setWide(REQUESTS.CREATE.result, 0n),
  GETJID: (message) => message.setWide(REQUESTS.GETJID.result, 0n),
  WAITJID: (message) => {
    message.setWide(REQUESTS.WAITJID.result, 0n);
    message.setInt(REQUESTS.WAITJID.stat, 0);
  },
  KILLJID: (message) => message.setInt(REQUESTS.KILLJID.result, -1),
  GETPIDCNT: (message) => message.setInt(REQUESTS.GETPIDCNT.result, 0),
  GETUSER: (message) => message.setInt(REQUESTS.GETUSER.result, 0),
  GETPRIMEPID: (message) => message.setInt(REQUESTS.GETPRIMEPID.result, 0),
  DETACHJID: (message) => message.setInt(REQUESTS.DETACHJID.result, 0),
  DETACHPID: (message) => message.setWide(REQUESTS.DETACHPID.result, 0n),
  ATTACHPID: (message) => message.setWide(REQUESTS.ATTACHPID.result, 0n),
};

type Handler = (message: Message, asked: Asked) => Answer;

const HANDLERS: Readonly<Record<RequestName, Handler>> = {
  CREATE(message, { jobs, changesBy, peer }) {
    const { result, jid, pid, user } = REQUESTS.CREATE;
    // Asked before privilege is: while jobs are disabled everybody's login goes on without one.
    if (jobs.hid === DISABLED) {
      message.setWide(result, 0n);
      return "nothing";
    }
    const asked = { pid: message.int(pid), uid: message.int(user) >>> 0, jid: message.wide(jid) };
    message.setWide(result, changesBy(peer).create(asked));
    return "nothing";
  },

  GETJID(message, { jobs }) {
    const { result, pid } = REQUESTS.GETJID;
    message.setWide(result, jobs.getjid(message.int(pid)));
    return "nothing";
  },

  WAITJID(message, { wait }) {
    const { result, jid, stat, options } = REQUESTS.WAITJID;
    if (message.int(options) !== 0) throw jobError("EINVAL", "WAITJID has no options");
    message.setWide(result, 0n);
    message.setInt(stat, 0);
    wait(message.wide(jid));
    return "later";
  },

  KILLJID(message, { changesBy, peer }) {
    const { result, jid, sig } = REQUESTS.KILLJID;
    changesBy(peer).killjid(message.wide(jid), message.int(sig));
    message.setInt(result, 0);
    return "nothing";
  },

  GETJIDCNT(message, { jobs }) {
    message.setInt(REQUESTS.GETJIDCNT.result, jobs.getjidcnt());
    return "nothing";
  },

  GETJIDLST(message, { jobs }) {
    const { result } = REQUESTS.GETJIDLST;
    const capacity = message.int(result);
    if (capacity < 0) throw jobError("ENOMEM", `a list of ${capacity} jids`);
    const jids = jobs.getjidlst(capacity);
    message.setInt(result, jids.length);
    if (jids.length === 0) return "nothing";
    const list = kernelBytes(jids.length * LIST_STRIDE);
    new BigUint64Array(list.buffer).set(jids);
    return list;
  },

  GETPIDCNT(message, { jobs }) {
    const { result, jid } = REQUESTS.GETPIDCNT;
    message.setInt(result, jobs.getpidcnt(message.wide(jid)));
    return "nothing";
  },

  GETPIDLST(message, { jobs }) {
    const { result, jid } = REQUESTS.GETPIDLST;
    const capacity = message.int(result);
    if (capacity < 0) {
      // Whether there is such a job comes first.
      jobs.getpidcnt(message.wide(jid));
      throw jobError("ENOMEM", `a list of ${capacity} pids`);
    }
    const pids = jobs.getpidlst(message.wide(jid), capacity);
    message.setInt(result, pids.length);
    if (pids.length === 0) return "nothing";
    // The second half stays zero: jobd sends what lies behind its list there, and clients read the first alone.
    const list = kernelBytes(pids.length * LIST_STRIDE);
    new Int32Array(list.buffer).set(pids);
    return list;
  },

  GETUSER(message, { jobs }) {
    const { result, jid } = REQUESTS.GETUSER;
    message.setInt(result, jobs.getuser(message.wide(jid)));
    return "nothing";
  },

  GETPRIMEPID(message, { jobs }) {
    const { result, jid } = REQUESTS.GETPRIMEPID;
    message.setInt(result, jobs.getprimepid(message.wide(jid)));
    return "nothing";
  },

  SETHID(message, { changesBy, peer, log }) {
    const { result, hid } = REQUESTS.SETHID;
    const inForce = changesBy(peer).sethid(Number(BigInt.asUintN(32, message.wide(hid))));
    message.setWide(result, BigInt(inForce));
    // jobd exits here, and its init script stops it by this. Who else uses the service shall not lose it.
    if (inForce === DISABLED) log("jobs are disabled by a jobd client; another host id enables them again");
    return "nothing";
  },

  DETACHJID(message, { changesBy, peer }) {
    const { result, jid } = REQUESTS.DETACHJID;
    message.setInt(result, changesBy(peer).detachjid(message.wide(jid)));
    return "nothing";
  },

  DETACHPID(message, { changesBy, peer }) {
    const { result, pid } = REQUESTS.DETACHPID;
    message.setWide(result, changesBy(peer).detachpid(message.int(pid)));
    return "nothing";
  },

  ATTACHPID(message, { changesBy, peer }) {
    const { result, pid } = REQUESTS.ATTACHPID;
    message.setWide(result, changesBy(peer).attachpid(message.int(pid), message.wide(result)));
    return "nothing";
  },

  /** There is no accounting daemon to start or stop: -1, as where its library is not installed. */
  RUNCSA(message, { changesBy, peer }) {
    changesBy(peer).runcsa();
    message.setInt(REQUESTS.RUNCSA.result, -1);
    return "nothing";
  },
};

/** Errors that carry no errno of their own. */
const ERRNO_OF_CODE: Readonly<Record<string, number>> = {
  IDENTITY_CHANGED: ERRNO.ESRCH,
  PERMISSION_DENIED: ERRNO.EPERM,
  READ_ONLY: ERRNO.EPERM,
};

export function errnoOf(thrown: unknown, { log }: Pick<Asked, "log">): number {
  const { errno, code, message } = errorRecord(thrown);
  const number = (errno === null ? null : errnoNumber(errno)) ?? ERRNO_OF_CODE[code];
  if (number !== undefined) return number;
  log(`a jobd request failed: ${message}`);
  return ERRNO.EIO;
}
