/** Who is at the other end of a unix socket, as the kernel recorded it at connect: unix(7). */
import { ERRNO } from "./errno-names.ts";
import { Fd, fdNumber } from "./fd.ts";
import { viewOf } from "./memory.ts";
import { PidFd } from "./pidfd.ts";
import { getSocketOption } from "./socket-option.ts";
import { orThrow, SysError } from "./sys-error.ts";

export interface PeerCredentials {
  readonly pid: number;
  readonly uid: number;
  readonly gid: number;
}

const SO_PEERCRED = 17;
const SO_PEERGROUPS = 59;
const SO_PEERPIDFD = 77;

const CREDENTIALS_LENGTH = 12;
const FIRST_GROUPS = 64;

/** Effective ids of the peer when it connected. SysError ENOTSOCK, or ENOTCONN for a socket without a peer. */
export function peerCredentials(fd: Fd | number): PeerCredentials {
  const { result, bytes, length } = getSocketOption(fdNumber(fd), SO_PEERCRED, CREDENTIALS_LENGTH);
  orThrow(result, "getsockopt SO_PEERCRED", subjectOf(fd));
  const view = viewOf(bytes);
  const pid = view.getInt32(0, true);
  // Of a socket without a peer the kernel knows pid 0 and ids of -1, which must not pass for somebody.
  if (length < CREDENTIALS_LENGTH || pid < 0 || view.getInt32(4, true) === -1) {
    throw new SysError(ERRNO.ENOTCONN, "getsockopt SO_PEERCRED", subjectOf(fd));
  }
  return { pid, uid: view.getUint32(4, true), gid: view.getUint32(8, true) };
}

/** Supplementary groups of the peer when it connected (Linux 4.13). */
export function peerGroups(fd: Fd | number): number[] {
  const number = fdNumber(fd);
  let answer = getSocketOption(number, SO_PEERGROUPS, FIRST_GROUPS * 4);
  if (answer.result === -ERRNO.ERANGE) answer = getSocketOption(number, SO_PEERGROUPS, answer.length);
  orThrow(answer.result, "getsockopt SO_PEERGROUPS", subjectOf(fd));
  const view = viewOf(answer.bytes);
  const count = Math.floor(Math.min(answer.length, answer.bytes.length) / 4);
  return Array.from({ length: count }, (_, index) => view.getUint32(index * 4, true));
}

/** The peer itself, safe from the reuse of its pid (Linux 6.5). null where the kernel lacks it or the peer is gone. */
export function peerPidFd(fd: Fd | number): PidFd | null {
  const { result, bytes } = getSocketOption(fdNumber(fd), SO_PEERPIDFD, 4);
  if (ABSENT.has(-result)) return null;
  orThrow(result, "getsockopt SO_PEERPIDFD", subjectOf(fd));
  using stack = new DisposableStack();
  const pidfd = stack.use(Fd.adopt(viewOf(bytes).getInt32(0, true), `peer of ${subjectOf(fd)}`));
  const { pid } = peerCredentials(fd);
  // pid 0: the peer lives in a pid namespace that is not visible from here.
  if (pid === 0) return null;
  stack.move();
  return PidFd.adopt(pidfd, pid);
}

const ABSENT: ReadonlySet<number> = new Set([ERRNO.ENOPROTOOPT, ERRNO.ENODATA, ERRNO.ESRCH, ERRNO.EINVAL]);

function subjectOf(fd: Fd | number): string {
  return fd instanceof Fd ? fd.path : `descriptor ${fd}`;
}
