/** What a reader of lines says it holds is what it holds. */
import { expect, test } from "bun:test";
import { LineReader } from "#core/service/rpc/line-reader.ts";

test("told to give back what it holds at the moment it takes more, it holds nothing", () => {
  let held = 0;
  const reader = new LineReader({
    longestLine: 1 << 20,
    onHeld: (bytes) => {
      held += bytes;
      if (bytes > 0 && held > 8192) reader.release();
    },
  });
  reader.append(Buffer.alloc(4096, 0x61));
  expect(held).toBe(4096);
  reader.append(Buffer.alloc(8192, 0x61));
  expect(held).toBe(0);
  expect(reader.next()).toBeNull();
});
