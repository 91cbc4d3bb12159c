import { afterAll, expect, test } from "bun:test";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import fc from "fast-check";
import { parseCgroupMounts, parseOwnCgroup } from "#ffi/cgroup-mount.ts";
import { isKernelAtLeast, kernelRelease } from "#ffi/kernel-release.ts";
import { type Capability, probe } from "#ffi/probe.ts";
import { isRoot, NOBODY, runModule, TemporaryDirectory } from "./workbench.ts";

const directory = new TemporaryDirectory();
afterAll(() => directory[Symbol.dispose]());

test("describes this host as plain data, with a reason for every no", () => {
  const host = probe();
  expect(JSON.parse(JSON.stringify(host))).toEqual(host);
  expect(host.kernelRelease).toBe(kernelRelease());
  expect(host.libcVersion).toMatch(/^2\.[0-9]+$/);
  expect(host.openFileLimit.soft).toBeGreaterThan(0);
  const items = Object.values(host).filter((item): item is Capability => typeof item === "object");
  expect(items.length).toBe(10);
  for (const { ok, reason } of items) expect(reason === null).toBe(ok);
  for (const { reason } of items) expect(reason ?? "A reason.").toMatch(/^[A-Z/].*\.$/s);
});

test("a root without anything is answered cautiously", () => {
  const empty = directory.file("empty");
  mkdirSync(empty);
  const host = probe(empty, empty);
  expect(host.cgroup).toMatchObject({ ok: false, version: null, v2Mount: null, controllers: [] });
  expect([host.pidNamespace.ok, host.userNamespace.ok, host.canSetuid.ok, host.openFileLimit.ok]).toEqual([
    false,
    false,
    false,
    false,
  ]);
  expect(probe("/no/such/proc", "/no/such/sys").cgroup.ok).toBe(false);
});

test("reads a tree that stands in for /proc and /sys", () => {
  const proc = directory.file("proc");
  const sys = directory.file("sys");
  for (const path of [`${proc}/self/ns`, `${proc}/sys/fs/inotify`, `${sys}/fs/cgroup/mine`])
    mkdirSync(path, { recursive: true });
  symlinkSync("user:[4026531837]", `${proc}/self/ns/user`);
  writeFileSync(`${proc}/self/mountinfo`, "30 1 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n");
  writeFileSync(`${proc}/self/cgroup`, "0::/mine\n");
  writeFileSync(`${proc}/self/status`, "CapEff:\t00000000000000c0\n");
  writeFileSync(
    `${proc}/self/limits`,
    "Limit  Soft  Hard  Units\nMax open files            1024                 unlimited            files\n",
  );
  writeFileSync(`${proc}/sys/fs/inotify/max_user_watches`, "8192\n");
  writeFileSync(`${sys}/fs/cgroup/cgroup.controllers`, "cpu memory\n");
  expect(probe(proc, sys)).toMatchObject({
    cgroup: { ok: true, version: "v2", v2Mount: "/sys/fs/cgroup", controllers: ["cpu", "memory"], writable: true },
    userNamespace: { ok: true },
    pidNamespace: { ok: false },
    canSetuid: { ok: true },
    openFileLimit: { ok: true, soft: 1024, hard: null },
    inotify: { ok: true, maxWatches: 8192, maxInstances: null },
  });
});

test.skipIf(!isRoot)("needs root to become another user: without privilege the answers say so", async () => {
  const { output } = await runModule(`console.log(JSON.stringify((await import("./ffi/probe.ts")).probe()))`, {
    uid: NOBODY,
  });
  expect(JSON.parse(output)).toMatchObject({
    canSetuid: { ok: false },
    cgroup: { writable: false },
    procEvents: { privileged: false },
  });
});

test("cgroup mounts of every kind", () => {
  const v1 = "31 1 0:27 / /sys/fs/cgroup/cpu rw,nosuid shared:9 - cgroup cgroup rw,cpu";
  const v2 = "32 1 0:28 / /odd\\040place rw - cgroup2 cgroup2 rw";
  expect(parseCgroupMounts(`${v1}\n${v2}\n`)).toEqual({ version: "hybrid", v2Mount: "/odd place" });
  expect(parseCgroupMounts(v1)).toEqual({ version: "v1", v2Mount: null });
  expect(parseCgroupMounts(v2)).toEqual({ version: "v2", v2Mount: "/odd place" });
  expect(parseCgroupMounts("")).toEqual({ version: null, v2Mount: null });
  expect(parseOwnCgroup("4:cpu:/x\n0::/user.slice/a\n")).toBe("/user.slice/a");
  expect(parseOwnCgroup("4:cpu:/x\n")).toBeNull();
  fc.assert(
    fc.property(fc.string(), (text) => {
      parseCgroupMounts(text);
      parseOwnCgroup(text);
    }),
  );
});

test("versions compare by number", () => {
  expect(isKernelAtLeast(6, 5, "6.18.44-fc")).toBe(true);
  expect(isKernelAtLeast(6, 18, "6.18-rc1")).toBe(true);
  expect(isKernelAtLeast(6, 19, "6.18.44")).toBe(false);
  expect(isKernelAtLeast(5, 99, "6.0.0")).toBe(true);
  expect(isKernelAtLeast(6, 0, "rubbish")).toBe(false);
});
