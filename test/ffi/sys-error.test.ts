import { expect, test } from "bun:test";
import { constants } from "node:os";
import { errnoName } from "#ffi/errno-names.ts";
import { describeErrno, SysError } from "#ffi/sys-error.ts";

test("names call, subject, errno and its text", () => {
  const error = new SysError(11, "flock", "/run/a.lock");
  expect(error).toBeInstanceOf(Error);
  expect(error.message).toBe("flock /run/a.lock: EAGAIN (Resource temporarily unavailable)");
  expect(error).toMatchObject({ errno: 11, errnoName: "EAGAIN", call: "flock", subject: "/run/a.lock" });
});

test("an errno without a name keeps its number", () => {
  expect(new SysError(999, "x", "y").message).toBe("x y: E999 (Unknown error 999)");
  expect(errnoName(41)).toBe("E41");
  expect(describeErrno(0)).toBe("Success");
});

test("the table agrees with the platform's", () => {
  const aliases = new Set(["EWOULDBLOCK", "EDEADLOCK", "ENOTSUP"]);
  for (const [name, number] of Object.entries(constants.errno)) {
    if (!aliases.has(name)) expect([number, errnoName(number)]).toEqual([number, name]);
  }
});

test("keeps the cause", () => {
  const cause = new Error("deeper");
  expect(new SysError(5, "cc", "x.c", cause).cause).toBe(cause);
  expect("cause" in new SysError(5, "cc", "x.c")).toBe(false);
});
