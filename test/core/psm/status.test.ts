import { expect, test } from "bun:test";
import {
  CFG_SUCCESS,
  FRAME_ERRORS,
  frameOf,
  makeStatus,
  PSM_ERRORS,
  type PsmErrno,
  privilegeError,
  psmError,
  statusOfErrno,
  statusText,
  statusWord,
  subsystemOf,
} from "#core/psm/status.ts";
import { errnoName } from "#ffi/errno-names.ts";

test("the two halves of a status, and the sign of ERESTART", () => {
  for (const [subsystem, frame] of [
    [0, 0],
    [114, 0],
    [999, 51],
    [-1, 4],
  ] as const) {
    const status = makeStatus(subsystem, frame);
    expect([subsystemOf(status), frameOf(status)]).toEqual([subsystem, frame]);
  }
  expect(CFG_SUCCESS).toBe(makeStatus(0, FRAME_ERRORS.SUCCESS[0]));
});

test("words as a C program would print them", () => {
  expect(statusWord(psmError("EALREADY", "").status)).toBe("0x00720000");
  expect(statusWord(psmError("ENOSPC", "").status)).toBe("0x001c0000");
  expect(statusWord(psmError("ESRCH", "").status)).toBe("0x00030000");
  expect(statusWord(psmError("ENOTSUP", "").status)).toBe("0x005f0000");
  expect(statusWord(privilegeError("").status)).toBe("0x00000004");
  expect(statusWord(makeStatus(-1, 8))).toBe("0xffff0008");
});

test("texts name what failed", () => {
  expect(statusText(0)).toBe("cfg_status 0x00000000 (CFG_SUCCESS: success)");
  expect(statusText(privilegeError("").status)).toContain("CFG_FRAME_EPRIVS");
  expect(statusText(makeStatus(0, 77))).toContain("CFG_FRAME_77");
  expect(statusText(makeStatus(999, 0))).toContain("E999");
});

test("every errno of the set: its number is Linux's, its text is in the hint, and its name leads back", () => {
  for (const [name, [number, code, text]] of Object.entries(PSM_ERRORS)) {
    const error = psmError(name as PsmErrno, "message", { hint: "way out" });
    // Linux has one number for ENOTSUP and EOPNOTSUPP.
    if (name !== "ENOTSUP") expect(errnoName(number)).toBe(name);
    expect(error).toMatchObject({ code, errno: name, message: "message" });
    expect(error.hint).toBe(`way out; ${statusText(error.status)}`);
    expect(error.hint).toContain(`${name}: ${text}`);
    expect(statusOfErrno(name)).toBe(error.status);
  }
  expect(statusOfErrno("EPERM")).toBe(4);
  expect(statusOfErrno("EXDEV")).toBeNull();
  expect(statusOfErrno(null)).toBeNull();
});
