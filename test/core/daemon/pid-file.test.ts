import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { parsePidFile } from "#core/daemon/pid-file.ts";

const parse = (text: string) => parsePidFile(Buffer.from(text, "latin1"));

describe("content of a pid file", () => {
  test.each([
    ["", { phase: "empty" }],
    ["(starting)\n", { phase: "starting" }],
    ["812\n", { phase: "pid", pid: 812 }],
    ["2147483647\n", { phase: "pid", pid: 2147483647 }],
  ] as const)("%j is understood", (text, content) => {
    expect(parse(text)).toEqual(content);
  });

  test.each([
    "812",
    "-5\n",
    "-1\n",
    "0\n",
    "0x10\n",
    "12 34\n",
    " 12\n",
    "12\n\n",
    "2147483648\n",
    "99999999999\n",
    "(starting)",
    "\0\0",
  ])("%j is no pid", (text) => {
    expect(parse(text).phase).toBe("invalid");
  });

  test("16 bytes and more are too long, whatever they are", () => {
    expect(parse("0000000000000001\n")).toEqual({ phase: "invalid", reason: "is too long" });
  });

  test("no bytes whatever lead to a pid below 1", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 20 }), (bytes) => {
        const content = parsePidFile(bytes);
        if (content.phase === "pid") expect(content.pid).toBeGreaterThan(0);
      }),
    );
  });
});
