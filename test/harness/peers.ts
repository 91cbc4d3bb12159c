/** Tests against real peers: skipped with the reason where the peer is missing, failed where it was to be installed. */
import { test } from "bun:test";

/** `peerTest("start-stop-daemon", "dpkg")("...", async () => {...})` */
export function peerTest(command: string, debianPackage: string) {
  const isThere = Bun.which(command) !== null;
  return (name: string, body: () => void | Promise<void>) => {
    if (isThere) return test(name, body);
    if (process.env.MUSTER_REQUIRE_PEERS) {
      return test(name, () => {
        throw new Error(`${command} is missing although it was to be installed (Debian package ${debianPackage})`);
      });
    }
    return test.skip(`${name} (skipped: no ${command} here; Debian package ${debianPackage})`, body);
  };
}

/** The same for peers that do their work as root only. */
export function rootPeerTest(command: string, debianPackage: string) {
  if (process.geteuid?.() === 0) return peerTest(command, debianPackage);
  return (name: string, body: () => void | Promise<void>) => test.skip(`${name} (skipped: needs root)`, body);
}
