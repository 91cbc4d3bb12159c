import { describe, expect, test } from "bun:test";
import { readFileSync, readlinkSync } from "node:fs";
import { hostname } from "node:os";
import { OPEN, openFd } from "#ffi/fd.ts";
import { hostNameIn } from "#ffi/host-name.ts";
import { userNamespaceOwner } from "#ffi/namespace-owner.ts";
import { PidFd } from "#ffi/pidfd.ts";
import { hasNamespaces, PlainContainer } from "#test/harness/containers.ts";
import { sysErrorOf } from "./workbench.ts";

const rootTest = (name: string, body: () => Promise<void>) =>
  test.skipIf(!hasNamespaces)(hasNamespaces ? name : `${name} (skipped: may not make namespaces)`, body);

describe("the host name of a namespace", () => {
  rootTest("of /proc/PID/ns/uts and of a pidfd, ours untouched", async () => {
    await using container = await PlainContainer.start("foreign");
    const own = readlinkSync("/proc/self/ns/uts");
    using namespace = openFd(`/proc/${container.pid}/ns/uts`, OPEN.READ_ONLY);
    using pidfd = PidFd.open(container.pid);
    if (!pidfd) throw new Error("gone");
    for (let round = 0; round < 1000; round++) {
      expect(hostNameIn(namespace)).toBe("foreign");
      expect(hostNameIn(pidfd.fd)).toBe("foreign");
    }
    expect(readlinkSync("/proc/self/ns/uts")).toBe(own);
    expect(hostname()).toBe(readFileSync("/proc/sys/kernel/hostname", "utf8").trim());
    expect(Bun.spawnSync(["readlink", "/proc/self/ns/uts"]).stdout.toString().trim()).toBe(own);
  });

  rootTest("of a process that has ended is told as that", async () => {
    const container = await PlainContainer.start("foreign");
    using pidfd = PidFd.open(container.pid);
    await container.end();
    expect(sysErrorOf(() => hostNameIn(pidfd?.fd as NonNullable<typeof pidfd>["fd"]))).toMatchObject({
      errnoName: "ESRCH",
      call: "setns",
    });
  });

  rootTest(
    "the processors this thread may use stay what they were, all of them or those somebody has chosen",
    async () => {
      await using container = await PlainContainer.start("foreign");
      const script = `
      import { readFileSync } from "node:fs";
      import { hostNameIn } from "#ffi/host-name.ts";
      import { OPEN, openFd } from "#ffi/fd.ts";
      const allowed = () => /^Cpus_allowed_list:.*$/m.exec(readFileSync("/proc/thread-self/status", "utf8"))[0];
      const before = allowed();
      const name = hostNameIn(openFd("/proc/${container.pid}/ns/uts", OPEN.READ_ONLY));
      console.log(name, allowed() === before);`;
      const own = /^Cpus_allowed_list:\s*(.*)$/m.exec(readFileSync("/proc/self/status", "utf8"))?.[1] ?? "";
      const last = /[0-9]+$/.exec(own)?.[0] ?? "0";
      for (const words of [[], ["taskset", "-c", last]]) {
        const { stdout, stderr } = Bun.spawnSync([...words, process.execPath, "-e", script]);
        expect(`${stdout}${stderr}`).toBe("foreign true\n");
      }
    },
  );

  test("what is no namespace is refused", () => {
    using file = openFd("/dev/null", OPEN.READ_ONLY);
    expect(sysErrorOf(() => hostNameIn(file))).toMatchObject({ errnoName: "EINVAL" });
  });
});

describe("the owner of a user namespace", () => {
  test("of this process, and of none", () => {
    expect(userNamespaceOwner("/proc", process.pid)).toBe(0);
    expect(userNamespaceOwner("/proc", 0x7fff_ffff)).toBeNull();
  });
});
