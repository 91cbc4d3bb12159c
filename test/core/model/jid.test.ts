/** Job ids as people write them. */
import { expect, test } from "bun:test";
import { canonicalJid, jidText, parseHid, parseJid } from "#core/model/jid.ts";

test.each([
  ["0x501", 0x501n],
  ["501", 0x501n],
  ["0X0000000000000501", 0x501n],
  ["7F00000100000002", 0x7f00_0001_0000_0002n],
  ["0xffffffffffffffff", 0xffff_ffff_ffff_ffffn],
  ["00000000000000000000501", 0x501n],
])("%s is a job's id", (text, jid) => {
  expect(parseJid(text)).toBe(jid);
  expect(parseJid(jidText(jid))).toBe(jid);
});

test.each(["", "0x", "0", "0x0000000000000000", "0x1ffffffffffffffff", "12g", "-1", " 1", "1 ", "0x501/812"])(
  "'%s' is none",
  (text) => {
    expect(parseJid(text)).toBeNull();
    expect(canonicalJid(text)).toBeNull();
  },
);

test("written with all its digits", () => {
  expect(jidText(0x501n)).toBe("0x0000000000000501");
  expect(canonicalJid("ABC")).toBe("0x0000000000000abc");
});

test("host ids are of 32 bits, and 0 is one", () => {
  expect(["0", "0x7f000001", "FFFFFFFF"].map(parseHid)).toEqual([0, 0x7f00_0001, 0xffff_ffff]);
  expect(["", "0x", "100000000", "host", "-1"].map(parseHid)).toEqual([null, null, null, null, null]);
});
