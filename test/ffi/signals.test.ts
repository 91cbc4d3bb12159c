import { expect, test } from "bun:test";
import { constants } from "node:os";
import fc from "fast-check";
import { describeWaitStatus, SIGNALS, signalName, signalNumber } from "#ffi/signals.ts";

test.each([
  ["TERM", 15],
  ["sigterm", 15],
  ["SigTerm", 15],
  ["15", 15],
  ["SIGRTMIN", 34],
  ["SIGRTMIN+2", 36],
  ["rtmin+30", 64],
  ["RTMAX-1", 63],
  ["RTMAX", 64],
  ["CLD", 17],
  ["IOT", 6],
  ["POLL", 29],
  ["64", 64],
  ["32", 32],
] as const)("%s is %d", (text, number) => {
  expect(signalNumber(text)).toBe(number);
});

const NOT_SIGNALS =
  "0,65,-1,1.5,0x0f, 15,15 ,+15,1e1,,SIG,SIGSIGTERM,TERMX,RTMIN+31,RTMAX-31,RTMIN-1,RTMAX+1,RTMIN+,999";

test.each(NOT_SIGNALS.split(","))("%p is no signal", (text) => {
  expect(signalNumber(text)).toBeNull();
});

test("the table agrees with the platform's", () => {
  for (const [name, number] of Object.entries(SIGNALS)) {
    expect([name, constants.signals[name as keyof typeof constants.signals]]).toEqual([name, number]);
  }
});

test("every number has a name that leads back to it, except those of the thread library", () => {
  for (let number = 1; number <= 64; number++) {
    expect(signalNumber(signalName(number))).toBe(number === 32 || number === 33 ? null : number);
  }
  expect([signalName(6), signalName(29), signalName(36), signalName(33)]).toEqual([
    "SIGABRT",
    "SIGIO",
    "SIGRTMIN+2",
    "SIG33",
  ]);
});

test("any text is a signal from 1 to 64 or none", () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      const number = signalNumber(text);
      expect(number === null || (Number.isInteger(number) && number >= 1 && number <= 64)).toBe(true);
    }),
  );
});

test.each([
  [0, "exit 0"],
  [3 << 8, "exit 3"],
  [11, "killed by SIGSEGV"],
  [11 | 0x80, "killed by SIGSEGV, core dumped"],
  [36, "killed by SIGRTMIN+2"],
  [(20 << 8) | 0x7f, "stopped by SIGTSTP"],
  [0xffff, "continued"],
] as const)("wait status %d is %p", (status, text) => {
  expect(describeWaitStatus(status)).toBe(text);
});
