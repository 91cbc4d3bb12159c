import { expect, test } from "bun:test";
import { isCloseOnExec, writeAll } from "#ffi/fd.ts";
import { hearSocket, streamPair } from "#ffi/stream-pair.ts";
import { countDescriptors, sysErrorOf } from "./workbench.ts";

test("what is written at one end is heard at the other, whole and in order, until that end is closed", async () => {
  const before = countDescriptors();
  const { near, far } = streamPair();
  expect([near, far].map(isCloseOnExec)).toEqual([true, true]);
  const heard: Uint8Array[] = [];
  const ended = hearSocket(near, (chunk) => {
    heard.push(chunk.slice());
    if (heard.length < 100) writeAll(far, Buffer.from(`${heard.length},`));
    else far.close();
  });
  writeAll(far, Buffer.from("0,"));
  await ended;
  expect(Buffer.concat(heard).toString()).toBe(Array.from({ length: 100 }, (_, index) => `${index},`).join(""));
  expect(countDescriptors()).toBeLessThanOrEqual(before);
});

test("the near end is given away: its handle cannot be used any more", async () => {
  const { near, far } = streamPair();
  const ended = hearSocket(near, () => {});
  expect(sysErrorOf(() => near.number)).toMatchObject({ errnoName: "EBADF" });
  near.close();
  far.close();
  await ended;
});
