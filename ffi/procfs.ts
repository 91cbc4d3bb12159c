/** /proc, as far as it is read here. Every function takes its root, so that a fixture tree can stand in for it. */
export { listPids } from "./proc-file.ts";
export { holdsLock, indexLocks, lockHolders, lockKey, parseLockLine, readLocks } from "./proc-locks.ts";
export { isInitialPidNamespace, isInitialUserNamespace } from "./proc-namespace.ts";
export {
  bootTimeMs,
  hasEnded,
  isLeaderGone,
  type ProcessStat,
  parseProcessStat,
  processIdentityTicks,
  readProcessStat,
} from "./proc-stat.ts";
export { clockTicksPerSecond, pageSize } from "./sysconf.ts";
