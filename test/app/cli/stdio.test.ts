/** Output into a pipe that another program has made non-blocking: nothing is lost, nothing is said twice. */
import { expect, test } from "bun:test";
import { isTerminal, ReaderGone, writeAll, writeBehind, writeNow } from "#app/cli/stdio.ts";
import { systemClock } from "#app/cli/system-clock.ts";
import { type Fd, pipe, readSome, setNonBlocking } from "#ffi/fd.ts";

const TEXT = `${"0123456789abcdef".repeat(40_000)}end`;

/** Reads a little at each turn of the loop, so that the pipe is full most of the time. */
async function readTo(fd: Fd, length: number): Promise<string> {
  let text = "";
  while (text.length < length) {
    await new Promise((resolve) => setImmediate(resolve));
    try {
      text += new TextDecoder().decode(readSome(fd, 5000));
    } catch (thrown) {
      if ((thrown as { errnoName?: string }).errnoName !== "EAGAIN") throw thrown;
    }
  }
  return text;
}

test.each([
  ["writeAll", writeAll],
  ["writeBehind", writeBehind],
] as const)("%s waits for a full pipe", async (_, write) => {
  const { read, write: end } = pipe();
  using reading = read;
  using writing = end;
  setNonBlocking(reading);
  setNonBlocking(writing);
  const [text] = await Promise.all([readTo(reading, TEXT.length), write(writing.number, TEXT, systemClock)]);
  expect(text).toBe(TEXT);
});

test("a reader that is gone, and what cannot be written to at all", async () => {
  const { read, write: end } = pipe();
  using writing = end;
  read[Symbol.dispose]();
  expect(writeAll(writing.number, "x", systemClock)).rejects.toBeInstanceOf(ReaderGone);
  expect(writeBehind(writing.number, "x", systemClock)).rejects.toBeInstanceOf(ReaderGone);
  expect(() => writeNow(writing.number, "x")).toThrow(ReaderGone);
  expect(writeAll(9999, "x", systemClock)).rejects.toMatchObject({ code: "OUTPUT", exitCode: 74, errno: "EBADF" });
});

test("a pipe, a closed descriptor and /dev/null are no terminals", () => {
  const { read, write } = pipe();
  using reading = read;
  using writing = write;
  expect(isTerminal(reading.number) || isTerminal(writing.number) || isTerminal(9999)).toBe(false);
});
