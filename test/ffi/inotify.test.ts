import { afterAll, expect, test } from "bun:test";
import { mkdirSync, renameSync, rmdirSync, symlinkSync, unlinkSync, writeFileSync } from "node:fs";
import fc from "fast-check";
import { DirectoryWatch, INOTIFY, type InotifyEvent } from "#ffi/inotify.ts";
import { parseInotify } from "#ffi/inotify-event.ts";
import { countDescriptors, runModule, SLOW, settled, sysErrorOf, TemporaryDirectory } from "./workbench.ts";

const directory = new TemporaryDirectory();
afterAll(() => directory[Symbol.dispose]());

let directories = 0;
function freshDirectory(): string {
  const path = directory.file(`watched-${directories++}`);
  mkdirSync(path);
  return path;
}

/** A watch, and the events up to one that satisfies. */
function collector() {
  const events: InotifyEvent[] = [];
  let wake = () => {};
  const watch = new DirectoryWatch(
    (batch) => {
      events.push(...batch);
      wake();
    },
    () => {},
  );
  const until = async (satisfies: (event: InotifyEvent) => boolean): Promise<InotifyEvent[]> => {
    while (!events.some(satisfies)) await new Promise<void>((resolve) => (wake = resolve));
    return events;
  };
  return { watch, until, events };
}

test("tells what comes, changes, moves and goes", async () => {
  const path = freshDirectory();
  const { watch, until } = collector();
  watch.add(path);
  writeFileSync(`${path}/a`, "1");
  renameSync(`${path}/a`, `${path}/b`);
  unlinkSync(`${path}/b`);
  const events = await until(({ mask }) => (mask & INOTIFY.DELETE) !== 0);
  const seen = (mask: number, name: string) =>
    events.some((event) => event.mask & mask && event.name === name && event.directory === path);
  expect(seen(INOTIFY.CREATE, "a")).toBe(true);
  expect(seen(INOTIFY.MODIFY, "a")).toBe(true);
  expect(seen(INOTIFY.CLOSE_WRITE, "a")).toBe(true);
  expect(seen(INOTIFY.MOVED_FROM, "a")).toBe(true);
  expect(seen(INOTIFY.MOVED_TO, "b")).toBe(true);
  expect(seen(INOTIFY.DELETE, "b")).toBe(true);
  watch.close();
  watch.close();
});

test("two names of one directory both hear, each under its own", async () => {
  const path = freshDirectory();
  const other = `${path}-link`;
  symlinkSync(path, other);
  const { watch, until, events } = collector();
  watch.add(path);
  watch.add(other);
  writeFileSync(`${path}/x`, "");
  await until(({ directory }) => directory === other);
  expect(events.some((event) => event.directory === path)).toBe(true);
  events.length = 0;
  watch.remove(path);
  writeFileSync(`${path}/y`, "");
  await until(({ name }) => name === "y");
  expect(events.every((event) => event.directory === other)).toBe(true);
  watch.close();
});

test("a removed directory is silent, an unknown one no error", async () => {
  const [first, second] = [freshDirectory(), freshDirectory()];
  const { watch, until } = collector();
  watch.add(first, INOTIFY.CREATE);
  watch.add(second, INOTIFY.CREATE);
  watch.remove(first);
  watch.remove(first);
  watch.remove("/never/added");
  writeFileSync(`${first}/x`, "");
  writeFileSync(`${second}/y`, "");
  expect(await until(({ name }) => name === "y")).toMatchObject([{ directory: second, name: "y" }]);
  watch.close();
});

test("the end of a watched directory is told", async () => {
  const path = freshDirectory();
  const { watch, until } = collector();
  watch.add(path);
  rmdirSync(path);
  const events = await until(({ mask }) => (mask & INOTIFY.IGNORED) !== 0);
  expect(events.some(({ mask, name }) => mask & INOTIFY.DELETE_SELF && name === "")).toBe(true);
  watch.remove(path);
  watch.close();
});

test("what cannot be watched is a SysError, and so is every use after close", () => {
  const { watch } = collector();
  expect(sysErrorOf(() => watch.add("/no/such/directory"))).toMatchObject({
    errnoName: "ENOENT",
    call: "inotify_add_watch",
    subject: "/no/such/directory",
  });
  writeFileSync(directory.file("plain"), "");
  const onlyDirectory = INOTIFY.CREATE | INOTIFY.ONLY_DIRECTORY;
  expect(sysErrorOf(() => watch.add(directory.file("plain"), onlyDirectory)).errnoName).toBe("ENOTDIR");
  expect(sysErrorOf(() => watch.add("a\0b")).errnoName).toBe("EINVAL");
  for (const mask of [0, -1, 2 ** 33, Number.NaN]) {
    expect(sysErrorOf(() => watch.add(directory.path, mask)).errnoName).toBe("EINVAL");
  }
  watch.close();
  expect(sysErrorOf(() => watch.add(directory.path)).errnoName).toBe("EBADF");
});

test(
  "more events than the queue holds are an overflow",
  async () => {
    const path = freshDirectory();
    const { promise, resolve } = Promise.withResolvers<void>();
    using watch = new DirectoryWatch(() => {}, resolve);
    watch.add(path, INOTIFY.ATTRIB);
    // The loop does not turn meanwhile, so nobody reads the queue. Equal events next to each other are merged by the
    // kernel: two files take turns.
    const script = `i=0; cd ${path}; : > a; : > b; while [ $i -lt 200 ]; do set -- "$@" a b; i=$((i+1)); done;
    i=0; while [ $i -lt 100 ]; do touch "$@"; i=$((i+1)); done`;
    expect(Bun.spawnSync(["sh", "-c", script]).exitCode).toBe(0);
    await promise;
  },
  SLOW,
);

test(
  "opening and closing two hundred times leaves nothing",
  async () => {
    const path = freshDirectory();
    const rounds = async (count: number) => {
      for (let round = 0; round < count; round++) {
        const watch = new DirectoryWatch(
          () => {},
          () => {},
        );
        watch.add(path);
        if (round % 10 === 0) await new Promise((resolve) => setImmediate(resolve));
        watch.close();
      }
    };
    const before = countDescriptors();
    await rounds(200);
    await settled(() => countDescriptors() <= before);
  },
  SLOW,
);

test("a program ends once its watch is closed", async () => {
  const { output, exitCode } = await runModule(`
    const { DirectoryWatch } = await import("./ffi/inotify.ts");
    const watch = new DirectoryWatch(() => {}, () => {});
    watch.add("/tmp");
    await new Promise(setImmediate);
    watch.close();
    console.log("closed");`);
  expect({ output, exitCode }).toEqual({ output: "closed\n", exitCode: 0 });
});

const record = fc.record({
  watch: fc.integer(),
  mask: fc.nat(0xffffffff),
  name: fc.string({ maxLength: 40 }).filter((name) => !name.includes("\0")),
});

test("records written are the records read, up to a cut", () => {
  fc.assert(
    fc.property(fc.array(record), fc.nat(), (events, cut) => {
      const parts = events.map(({ watch, mask, name }) => {
        const text = new TextEncoder().encode(name);
        const bytes = new Uint8Array(16 + text.length + (16 - (text.length % 16)));
        const view = new DataView(bytes.buffer);
        view.setInt32(0, watch, true);
        view.setUint32(4, mask, true);
        view.setUint32(12, bytes.length - 16, true);
        bytes.set(text, 16);
        return bytes;
      });
      const whole = new Uint8Array(Buffer.concat(parts));
      expect(parseInotify(whole)).toEqual(events.map((event) => ({ ...event, name: event.name.toWellFormed() })));
      const some = parseInotify(whole.subarray(0, cut % (whole.length + 1)));
      expect(some).toEqual(parseInotify(whole).slice(0, some.length));
    }),
  );
});

test("arbitrary bytes are some records, never an exception", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      expect(parseInotify(bytes).length).toBeLessThanOrEqual(bytes.length / 16);
    }),
  );
});

test("drained, it has delivered everything that was complete before, without the loop", () => {
  const path = freshDirectory();
  const names: string[] = [];
  using watch = new DirectoryWatch(
    (events) => names.push(...events.map(({ name }) => name)),
    () => {},
  );
  watch.add(path, INOTIFY.CREATE);
  watch.drain();
  expect(names).toEqual([]);
  for (let index = 0; index < 3000; index++) writeFileSync(`${path}/${"x".repeat(100)}${index}`, "");
  watch.drain();
  expect(names).toHaveLength(3000);
  watch.drain();
  expect(names).toHaveLength(3000);
});
