import { expect, test } from "bun:test";
import { userInfo } from "node:os";
import { groupsOf, lookupGroup, lookupUser } from "#ffi/accounts.ts";
import { sysErrorOf } from "./workbench.ts";

test("finds users and groups by name and by number", () => {
  const root = { name: "root", uid: 0, gid: 0, home: "/root" };
  expect(lookupUser("root")).toEqual(root);
  expect(lookupUser(0)).toEqual(root);
  expect(lookupGroup("root")).toEqual({ name: "root", gid: 0 });
  expect(lookupGroup(0)).toEqual({ name: "root", gid: 0 });
  const own = userInfo();
  expect(lookupUser(own.uid)).toMatchObject({ uid: own.uid, gid: own.gid });
});

test("agrees with getent about everybody it lists", () => {
  const users = Bun.spawnSync(["getent", "passwd"]).stdout.toString().trim().split("\n");
  for (const line of users) {
    const [name = "", , uid, gid, , home = ""] = line.split(":");
    expect(lookupUser(name)).toEqual({ name, uid: Number(uid), gid: Number(gid), home });
  }
});

test("nobody is null", () => {
  expect(lookupUser("no-such-user")).toBeNull();
  expect(lookupUser("")).toBeNull();
  expect(lookupUser("0")).toBeNull();
  expect(lookupUser("n".repeat(5000))).toBeNull();
  expect(lookupUser(3_999_999_999)).toBeNull();
  expect(lookupGroup("no-such-group")).toBeNull();
  expect(lookupGroup(3_999_999_999)).toBeNull();
});

test("what is neither a name nor an id is EINVAL", () => {
  for (const id of [-1, 2 ** 32 - 1, 2 ** 32, 1.5, Number.NaN]) {
    expect(sysErrorOf(() => lookupUser(id)).errnoName).toBe("EINVAL");
    expect(sysErrorOf(() => lookupGroup(id)).errnoName).toBe("EINVAL");
    expect(sysErrorOf(() => groupsOf("root", id)).errnoName).toBe("EINVAL");
  }
  expect(sysErrorOf(() => lookupUser("ro\0ot")).errnoName).toBe("EINVAL");
  expect(sysErrorOf(() => groupsOf("ro\0ot", 0)).errnoName).toBe("EINVAL");
});

test("groups hold the given one, and agree with id(1)", () => {
  expect(groupsOf("no-such-user", 4242)).toEqual([4242]);
  for (const name of ["root", "daemon", "nobody"]) {
    const user = lookupUser(name);
    if (user === null) continue;
    const listed = Bun.spawnSync(["id", "-G", name]).stdout.toString().trim().split(" ").map(Number);
    expect(groupsOf(name, user.gid).sort()).toEqual(listed.sort());
  }
});
