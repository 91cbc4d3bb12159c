import { type Answer, answer, judge } from "./answer.ts";
import { openPidFile, readPidFile } from "./pid-file.ts";

/** CHECK: running 0, stopped 101, stale 103, unreadable or without a pid 102. */
export function check(pidFile: string): Answer {
  using fd = openPidFile(pidFile);
  if (!fd) return answer("notRunning", `${pidFile} does not exist: the daemon is not running`);
  return judge(pidFile, readPidFile(fd));
}
