/**
 * What the Job module can be asked for: job_create(3) and its kin, one method each, by number the requests of
 * job_paggctl(3). The commands, the paggctl service, the wire (jobd/) and the panes all go through this.
 *
 * Errors are MusterErrors with the errno of the manual page; where jobd and the kernel module differ, jobd's.
 */

/** HID << 32 | SID. 0n is never a job. */
export type Jid = bigint;

export interface CreateOptions {
  /** The process that becomes the first member; it leaves the job it was in. */
  readonly pid: number;
  /** The start time the asker saw; another process under this pid is not what was meant (IDENTITY_CHANGED). */
  readonly startTicks?: string | null;
  readonly uid: number;
  /** 0n: the next free one. */
  readonly jid?: Jid;
  /** What the process is about to execute, of one that is held in front of it; else what it is now. */
  readonly command?: string | null;
}

export interface JobEnd {
  /** Wait status of the last process to leave; 0 if it was detached, null if nobody saw how it ended. */
  readonly status: number | null;
}

export interface JobRequests {
  /** HID of new jobs; 0xffffffff: jobs are disabled. */
  readonly hid: number;
  /** CREATE. 0n while jobs are disabled. Throws ESRCH, EBUSY (jid in use, no sid left), ENOMEM, EINVAL. */
  create(options: CreateOptions): Jid;
  /** GETJID. Throws ESRCH, ENODATA (in no job). */
  getjid(pid: number): Jid;
  /** WAITJID: calls back once when the job ends; the returned function gives up waiting. Throws ENODATA. */
  waitjid(jid: Jid, ended: (end: JobEnd) => void): () => void;
  /**
   * KILLJID: 0 only asks. All members are tried; SIGKILL reaches what is forked meanwhile too. `authorize` is asked with the
   * owner's uid before anything is sent and throws to refuse. Throws EINVAL (0 to 64), ENODATA, the last errno of a member.
   */
  killjid(jid: Jid, signal: number, authorize?: (ownerUid: number) => void): void;
  getjidcnt(): number;
  /** GETJIDLST: at most `capacity`, in the order of jobd's table: by sid % 256, the newest first. */
  getjidlst(capacity: number): Jid[];
  /** GETPIDCNT. Throws ENODATA. */
  getpidcnt(jid: Jid): number;
  /** GETPIDLST: at most `capacity`, the newest first. Capacity 0 asks nothing, not even for the job. Throws ENODATA. */
  getpidlst(jid: Jid, capacity: number): number[];
  /** GETUSER. Throws ENODATA. */
  getuser(jid: Jid): number;
  /** GETPRIMEPID. Throws ENODATA, ESRCH (no process left). */
  getprimepid(jid: Jid): number;
  /** SETHID: the HID that is in force, cut to 32 bits. */
  sethid(hid: number): number;
  /** DETACHJID: how many were let out; the job ends with status 0. Throws ENODATA. */
  detachjid(jid: Jid): number;
  /** DETACHPID: the job it was in. Throws ESRCH. */
  detachpid(pid: number, startTicks?: string | null): Jid;
  /** ATTACHPID. Throws EINVAL (in a job already), ESRCH, ENODATA, ENOMEM. */
  attachpid(pid: number, jid: Jid, startTicks?: string | null): Jid;
  /** Throws ENODATA, UNSUPPORTED for a job that no cgroup holds. */
  freeze(jid: Jid): void;
  thaw(jid: Jid): void;
}
