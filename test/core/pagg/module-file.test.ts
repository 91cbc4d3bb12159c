/** Which files are taken for modules: nobody else can have written them, and what was checked is what runs. */
import { expect } from "bun:test";
import { chmodSync, chownSync, linkSync, mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { readModuleFile } from "#core/pagg/module-file.ts";
import { TemporaryDirectory } from "#test/harness/directory.ts";
import { moduleTest, TestModules } from "#test/harness/module-set.ts";
import { refusalOf } from "#test/harness/refusal.ts";
import { TrustedDirectory } from "#test/harness/trusted-directory.ts";

const PLAIN = "export default { attach: () => 1 };";

async function loadError(modules: TestModules, pathOrName: string) {
  const { errno, message, hint } = await refusalOf(() => modules.set.load(pathOrName));
  expect(modules.set.items()).toEqual([]);
  return { errno, message, hint };
}

moduleTest("files are found by name in the directories, in their order, or by path", async () => {
  using second = new TrustedDirectory();
  await using modules = new TestModules();
  modules.set.setSettings({
    modules: [modules.directory.path, "/nonexistent", second.path],
    load: [],
    stallSeconds: 10,
  });
  modules.write("one.ts", PLAIN);
  modules.write("notes.txt", "");
  modules.write("types.d.ts", "");
  modules.write("9lives.js", PLAIN);
  writeFileSync(second.file("one.ts"), PLAIN.replace("1", "2"));
  writeFileSync(second.file("two.mjs"), PLAIN);
  chmodSync(second.file("two.mjs"), 0o666);
  expect(modules.set.available()).toEqual([
    {
      name: "9lives",
      path: modules.directory.file("9lives.js"),
      problem: expect.stringContaining("no name of a module"),
    },
    { name: "one", path: modules.directory.file("one.ts"), problem: null },
    { name: "one", path: second.file("one.ts"), problem: null },
    { name: "two", path: second.file("two.mjs"), problem: expect.stringContaining("can be written by others") },
  ]);
  expect((await modules.set.load("one")).path).toBe(modules.directory.file("one.ts"));
  await modules.set.unload("one");
  expect((await modules.set.load("one.ts")).path).toBe(modules.directory.file("one.ts"));
  await modules.set.unload("one");
  expect((await modules.set.load(second.file("one.ts"))).path).toBe(second.file("one.ts"));
});

moduleTest("a name that is registered, and a file that is loaded, are loaded once", async () => {
  await using modules = new TestModules();
  modules.write("one.ts", PLAIN);
  modules.write("other.ts", 'export default { name: "one", attach: () => 1 };');
  const both = await Promise.allSettled([modules.set.load("one"), modules.set.load("one")]);
  expect(both.map(({ status }) => status)).toEqual(["fulfilled", "rejected"]);
  for (const name of ["one", "other"]) {
    expect(await refusalOf(() => modules.set.load(name))).toMatchObject({ errno: "EBUSY", target: "one" });
  }
  expect(modules.set.items().map(({ name }) => name)).toEqual(["one"]);
});

moduleTest("a module may have another name than its file", async () => {
  await using modules = new TestModules();
  modules.write("one.ts", PLAIN);
  modules.write("two.ts", 'export default { name: "one", attach: () => 1 };');
  modules.write("three.ts", 'export default { name: "third", attach: () => 1 };');
  await modules.set.load("one");
  const loading = refusalOf(() => modules.set.load("two"));
  expect(modules.set.items().map(({ name, state }) => [name, state])).toEqual([
    ["one", "registered"],
    ["two", "loading"],
  ]);
  expect((await loading).errno).toBe("EBUSY");
  expect((await modules.set.load("three")).name).toBe("third");
  expect(modules.set.items().map(({ name }) => name)).toEqual(["one", "third"]);
  const told = modules.changes.flatMap((change) => ("module" in change ? [[change.type, change.module]] : []));
  expect(told.slice(2)).toEqual([
    ["loading", "two"],
    ["forgotten", "two"],
    ["loading", "three"],
    ["forgotten", "three"],
    ["registered", "third"],
  ]);
});

moduleTest("nothing is loaded from elsewhere", async () => {
  using elsewhere = new TrustedDirectory();
  await using modules = new TestModules();
  writeFileSync(elsewhere.file("one.ts"), PLAIN);
  mkdirSync(modules.directory.file("below"));
  writeFileSync(modules.directory.file("below/deep.ts"), PLAIN);
  expect(await loadError(modules, elsewhere.file("one.ts"))).toMatchObject({ errno: "EACCES" });
  expect(await loadError(modules, modules.directory.file("below/deep.ts"))).toMatchObject({ errno: "EACCES" });
  const around = `${modules.directory.path}/../${elsewhere.path.split("/").at(-1)}/one.ts`;
  expect(await loadError(modules, around)).toMatchObject({ errno: "EACCES" });
  expect(await loadError(modules, "./one.ts")).toMatchObject({ errno: "EINVAL" });
  expect(await loadError(modules, "one")).toMatchObject({ errno: "ENOENT" });
  expect(await loadError(modules, modules.directory.file("one.ts"))).toMatchObject({ errno: "ENOENT" });
  expect(await loadError(modules, modules.directory.file("one.txt"))).toMatchObject({ errno: "EINVAL" });
  modules.set.setSettings({ modules: [], load: [], stallSeconds: 1 });
  expect((await loadError(modules, "one")).hint).toContain("none is configured");
});

moduleTest("a file or directory that others can write is refused, and the sticky bit does not help", async () => {
  await using modules = new TestModules();
  const path = modules.write("one.ts", PLAIN);
  for (const mode of [0o666, 0o664, 0o646]) {
    chmodSync(path, mode);
    const { errno, message, hint } = await loadError(modules, "one");
    expect([errno, message]).toEqual([
      "EACCES",
      `${path} can be written by others than its owner (mode 0${mode.toString(8)})`,
    ]);
    expect(hint).toContain(`chmod go-w ${path}`);
  }
  chmodSync(path, 0o600);
  for (const mode of [0o777, 0o1777, 0o770]) {
    chmodSync(modules.directory.path, mode);
    expect((await loadError(modules, "one")).message).toStartWith(`${modules.directory.path} can be written by others`);
  }
  chmodSync(modules.directory.path, 0o700);
  expect((await modules.set.load("one")).state).toBe("registered");
});

moduleTest("below a directory that everybody can write nothing is safe", async () => {
  using open = new TemporaryDirectory();
  await using modules = new TestModules({ settings: { modules: [open.path] } });
  writeFileSync(open.file("one.ts"), PLAIN);
  expect(await loadError(modules, "one")).toMatchObject({
    errno: "EACCES",
    message: expect.stringMatching(/^\/tmp can be/),
    // chmod go-w /tmp would take it from everybody.
    hint: expect.not.stringContaining("chmod"),
  });
});

moduleTest("symbolic links are not followed, wherever they stand", async () => {
  using elsewhere = new TrustedDirectory();
  await using modules = new TestModules();
  writeFileSync(elsewhere.file("real.ts"), PLAIN);
  symlinkSync(elsewhere.file("real.ts"), modules.directory.file("link.ts"));
  symlinkSync(elsewhere.path, modules.directory.file("way"));
  expect(await loadError(modules, "link")).toMatchObject({
    errno: "EACCES",
    message: expect.stringMatching(/symbolic link$/),
  });
  modules.set.setSettings({ modules: [modules.directory.file("way")], load: [], stallSeconds: 1 });
  expect(await loadError(modules, "real")).toMatchObject({
    errno: "EACCES",
    message: expect.stringContaining("symbolic link"),
  });
});

moduleTest("a fifo, a directory and a device are no modules, and nobody waits for them", async () => {
  await using modules = new TestModules();
  Bun.spawnSync(["mkfifo", "-m", "600", modules.directory.file("pipe.ts")]);
  mkdirSync(modules.directory.file("directory.ts"));
  for (const name of ["pipe", "directory"]) {
    expect(await loadError(modules, name)).toMatchObject({
      errno: "EACCES",
      message: expect.stringContaining("no regular file"),
    });
  }
});

moduleTest(
  "files of other users are refused, and ours are not",
  async () => {
    using directory = new TrustedDirectory();
    writeFileSync(directory.file("one.ts"), PLAIN);
    chownSync(directory.file("one.ts"), 1234, 1234);
    expect(() => readModuleFile(directory.file("one.ts"), 0)).toThrow("belongs to uid 1234");
    expect(readModuleFile(directory.file("one.ts"), 1234)).toBe(PLAIN);
    chownSync(directory.path, 4321, 0);
    expect(() => readModuleFile(directory.file("one.ts"), 1234)).toThrow(`${directory.path} belongs to uid 4321`);
  },
  { isRoot: true },
);

moduleTest("what was checked is what runs, whatever becomes of the file", async () => {
  using directory = new TrustedDirectory();
  // The host begins late: until then the file is another one.
  const gate = directory.file("gate");
  Bun.spawnSync(["mkfifo", gate]);
  const [bun = "", main = "", word = ""] = [
    process.execPath,
    `${import.meta.dir}/../../../app/main.ts`,
    "--module-host",
  ];
  const hostCommand = ["/bin/sh", "-c", `read line < ${gate}; exec "${bun}" "${main}" "${word}"`];
  await using modules = new TestModules({ hostCommand });
  const path = modules.write("one.ts", 'export default { attach: () => 1, description: "checked" };');
  const loading = modules.set.load("one");
  const evil = modules.write("evil.ts", 'export default { attach: () => 1, description: "exchanged" };');
  renameSync(evil, path);
  writeFileSync(gate, "go\n");
  expect((await loading).description).toBe("checked");
  await modules.set.unload("one");
  const again = modules.set.load("one");
  rmSync(path);
  writeFileSync(gate, "go\n");
  expect((await again).description).toBe("exchanged");
});

moduleTest("a hard link has the owner and the rights of its file", async () => {
  await using modules = new TestModules();
  const path = modules.write("one.ts", PLAIN);
  linkSync(path, modules.directory.file("two.ts"));
  chmodSync(path, 0o622);
  expect(await loadError(modules, "two")).toMatchObject({ errno: "EACCES" });
});

moduleTest("mistakes in a file are told with their line", async () => {
  await using modules = new TestModules();
  const path = modules.directory.file("bad.ts");
  const cases: [string, string | RegExp, string][] = [
    ["export default {\n  attach: () => 1,\n  exec: = 2,\n};\n", /Unexpected =/, `${path}:3`],
    ["export default {\n  attach() {\n", /end of file/, `${path}:2`],
    [
      "const x = 1;\n\nnothing.here();\nexport default { attach: () => x };",
      "ReferenceError: nothing is not defined",
      `${path}:3`,
    ],
    ["export const x = 1;", /exports no module/, path],
    ["export default 5;", /exports no module/, path],
    ["export default { attach: 5 };", /its attach is no function/, path],
    ["export default { requests: {} };", /no attach/, path],
    ["export default { attach() {}, exce() {} };", /no member "exce"/, path],
    ['export default { attach() {}, name: "9th" };', /no name of a module/, path],
    ["export default { attach() {}, description: 5 };", /description/, path],
    ["export default { attach() {}, requests: [] };", /requests are no object/, path],
    ['export default { attach() {}, requests: { "a b": { number: 1, answer() {} } } };', /no name of a request/, path],
    ["export default { attach() {}, requests: { A: { answer() {} } } };", /no number/, path],
    ["export default { attach() {}, requests: { A: { number: 1 } } };", /no function answer/, path],
    ["export default { attach() {}, requests: { A: { number: 1, effect: 'all', answer() {} } } };", /"all"/, path],
    [
      "export default { attach() {}, requests: { A: { number: 1, answer() {} }, B: { number: 1, answer() {} } } };",
      /given twice/,
      path,
    ],
    [
      'import "node:fs";\nimport { x } from "./other.ts";\nexport default { attach: () => x };',
      /one file/,
      `${path}:2`,
    ],
    ['import x from "left-pad";\nexport default { attach: () => x };', /one file/, `${path}:1`],
    ["await new Promise(() => {});\nexport default { attach: () => 1 };", /stalls/, ""],
    ["for (;;) {}", /stalls/, ""],
    ["process.exit(4);", /its process is gone: exit 4/, ""],
  ];
  for (const [text, message, at] of cases) {
    const stallSeconds = String(message) === "/stalls/" ? 1 : 60;
    modules.set.setSettings({ modules: [modules.directory.path], load: [], stallSeconds });
    modules.write("bad.ts", text);
    const error = await refusalOf(() => modules.set.load("bad"));
    expect([error.errno, error.code, error.target]).toEqual(["ENOEXEC", "BAD_DATA", at === "" ? path : at]);
    expect(error.message).toMatch(message);
  }
  expect(modules.set.items()).toEqual([]);
});

moduleTest("what is no text, or too much of it, is no module", async () => {
  await using modules = new TestModules();
  writeFileSync(modules.directory.file("bytes.ts"), new Uint8Array([0x80, 0xff, 0xfe]), { mode: 0o600 });
  modules.write("long.ts", `${PLAIN}\n//${"x".repeat(1 << 20)}`);
  modules.write("empty.ts", "");
  expect(await loadError(modules, "bytes")).toMatchObject({
    errno: "ENOEXEC",
    message: expect.stringContaining("UTF-8"),
  });
  expect(await loadError(modules, "long")).toMatchObject({
    errno: "ENOEXEC",
    message: expect.stringContaining("1048576 bytes"),
  });
  expect(await loadError(modules, "empty")).toMatchObject({
    errno: "ENOEXEC",
    message: expect.stringContaining("no module"),
  });
});
