/** A process whose first thread has ended: it lives on in another, and /proc/PID shows a zombie without files or arguments. */
import { readProcessStat } from "#ffi/procfs.ts";
import { Perl } from "./perl.ts";

/** exit(2) of one thread, not exit_group(2). */
const SYS_EXIT = process.arch === "arm64" ? 93 : 60;

/** Not yet: its first thread still lives. With a pid file, as a daemon that holds its lock. */
export async function leaderless(pidFile?: string): Promise<Perl> {
  const lock = `open(my $file, "+>", $ARGV[0]); flock($file, 2); syswrite($file, "$$\\n")`;
  const script = `use threads; ${pidFile === undefined ? "1" : lock}; threads->create(sub { sleep 1000 while 1 })->detach`;
  return Perl.run(script, pidFile === undefined ? [] : [pidFile]);
}

export async function endLeader(peer: Perl): Promise<void> {
  peer.tell(`syscall ${SYS_EXIT}, 0`);
  while (readProcessStat("/proc", peer.pid)?.state !== "Z") await new Promise((resolve) => setImmediate(resolve));
}
