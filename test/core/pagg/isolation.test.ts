/** What a module may do wrong, and that it is done to nobody but itself. */
import { expect } from "bun:test";
import { existsSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { systemClock } from "#app/cli/system-clock.ts";
import { ModuleHost } from "#core/pagg/module-host.ts";
import { PidFd } from "#ffi/pidfd.ts";
import { HOST_COMMAND, moduleTest, TestModules } from "#test/harness/module-set.ts";
import { Perl } from "#test/harness/perl.ts";
import { refusalOf } from "#test/harness/refusal.ts";

/** Takes one process, and does `deed` in the hook. */
function badModule(hook: string, deed: string, pid: number): string {
  const does = (name: string) => (name === hook ? deed : "");
  return `
export default {
  init: (task) => { if (task.pid !== ${pid}) return undefined; ${does("init")}; return "held"; },
  attach: (child, parent) => { ${does("attach")}; return "child"; },
  exec: (task, data) => { ${does("exec")}; return data; },
  detach: (task, data) => { ${does("detach")} },
  describe: (data) => { ${does("describe")}; return data; },
  requests: { DO: { number: 1, answer: (data) => { ${does("DO")}; return "done"; } } },
};
`;
}

/** Sets off the hook of a module that holds this process. */
const TRIGGERS = {
  init: null,
  describe: null,
  attach: "our $p = fork() // die; POSIX::_exit(0) if !$p",
  exec: 'our $p = fork() // die; exec "true" if !$p',
  detach: "our $p = fork() // die; POSIX::_exit(0) if !$p",
  DO: null,
} as const;
type Hook = keyof typeof TRIGGERS;

const DEEDS = {
  throw: ['throw new Error("boom")', /threw: boom/],
  loop: ["for (;;) {}", /stalls: no answer for 1 s/],
  exit: ["process.exit(3)", /its process is gone: exit 3/],
  kill: ['process.kill(process.pid, "SIGSEGV")', /its process is gone: killed by SIGSEGV/],
  garbage: ['require("node:fs").writeSync(4, "garbage\\n")', /written to the service's own pipe/],
  forgery: [
    'require("node:fs").writeSync(4, \'{"op":"done","batch":99,"attached":[],"changed":[],"left":[],"refused":[]}\\n\')',
    /unexpected "done"/,
  ],
} as const;
type Deed = keyof typeof DEEDS;

for (const hook of Object.keys(TRIGGERS) as Hook[]) {
  for (const deed of Object.keys(DEEDS) as Deed[]) {
    moduleTest(`${deed} in ${hook}: the module is killed and told of, the others go on`, async () => {
      await using modules = new TestModules({ settings: { stallSeconds: 60 } });
      await using held = await Perl.run("1");
      modules.write("good.ts", badModule("none", "", held.pid));
      modules.write("bad.ts", badModule(hook, DEEDS[deed][0], held.pid));
      await modules.set.load("good");
      if (deed === "loop") modules.set.setSettings({ modules: [modules.directory.path], load: [], stallSeconds: 1 });
      const loading = modules.set.load("bad").then(
        () => null,
        (thrown) => thrown,
      );
      const atStart = TRIGGERS[hook] === null && hook !== "DO";
      if (!atStart) {
        expect(await loading).toBeNull();
        if (hook === "DO") expect((await refusalOf(() => modules.set.paggctl("bad", "DO"))).errno).toBe("EIO");
        else held.tell(TRIGGERS[hook] ?? "");
      } else expect(await loading).toMatchObject({ errno: "EIO" });
      const failure = await modules.failure("bad");
      expect(failure).toMatch(DEEDS[deed][1]);
      if (deed === "throw") expect(failure).toContain(`(${modules.directory.file("bad.ts")}:`);
      expect(modules.set.item("bad")).toMatchObject({
        state: "failed",
        attached: 0,
        registeredAt: null,
        problems: [{ code: "MODULE_FAILED", message: failure }],
      });
      expect((await refusalOf(() => modules.set.paggctl("bad", "DO"))).errno).toBe("ENOSYS");
      expect(await modules.set.paggctl("good", "DO")).toBe("done");
      held.tell('our $q = fork() // die; if (!$q) { sleep 1000 } print "$q\\n"');
      let line = await held.line();
      while (line === "ok") line = await held.line();
      expect(await modules.attached("good", Number(line))).toBe("child");
      process.kill(Number(line), "SIGKILL");
      expect(await modules.detached("good", Number(line))).toEqual({ isExited: true, status: 9 });
    });
  }
}

moduleTest("a failed module stays in the list until it is loaded again or taken off", async () => {
  await using modules = new TestModules();
  modules.write("bad.ts", badModule("DO", 'throw new TypeError("no")', 1));
  await modules.set.load("bad");
  await refusalOf(() => modules.set.paggctl("bad", "DO"));
  const failure = await modules.failure("bad");
  expect(failure).toBe(`it was unloaded: DO threw: TypeError: no (${modules.directory.file("bad.ts")}:8)`);
  modules.write("bad.ts", badModule("none", "", 1));
  await modules.set.load("bad");
  expect(modules.set.items()).toMatchObject([{ name: "bad", state: "registered", problems: [] }]);
  modules.write("bad.ts", badModule("DO", "process.exit(0)", 1));
  await modules.set.unload("bad");
  await modules.set.load("bad");
  await refusalOf(() => modules.set.paggctl("bad", "DO"));
  await modules.set.unload("bad");
  expect(modules.set.items()).toEqual([]);
  expect(modules.changes.at(-1)).toEqual({ type: "forgotten", module: "bad" });
  await expect(refusalOf(() => modules.set.unload("bad"))).resolves.toMatchObject({ errno: "ENOENT" });
});

moduleTest("an error that nobody awaited is the module's too", async () => {
  await using modules = new TestModules();
  modules.write(
    "late.ts",
    `export default { attach: () => 1, requests: { GO: { number: 1, answer: () => {\n  Promise.reject(new Error("later"));\n} } } };`,
  );
  await modules.set.load("late");
  modules.set.paggctl("late", "GO").catch(() => {});
  expect(await modules.failure("late")).toBe(`it was unloaded: later (${modules.directory.file("late.ts")}:2)`);
});

moduleTest("a hook that answers with a promise is told what is wrong", async () => {
  await using modules = new TestModules();
  modules.write("slow.ts", "export default { async init() { return 1; }, attach: () => 1 };");
  await refusalOf(() => modules.set.load("slow"));
  expect(await modules.failure("slow")).toContain("init threw: TypeError: init has given back a promise");
});

moduleTest("requests: its own errors are told, a pending one can be given up, and fails with the module", async () => {
  await using modules = new TestModules();
  modules.write(
    "asks.ts",
    `export default {
      attach: () => 1,
      requests: {
        NO: { number: 1, answer: (data, pagg) => { throw pagg.fail("ENOENT", "there is none"); } },
        LATE: { number: 2, answer: async (data, pagg) => { await null; throw pagg.fail("EAGAIN", "not now"); } },
        WAIT: { number: 3, answer: () => new Promise(() => {}) },
        HUGE: { number: 4, answer: () => "x".repeat(2 << 20) },
        EXIT: { number: 5, answer: () => process.exit(0) },
        ECHO: { number: 6, answer: (data) => data },
      },
    };`,
  );
  await modules.set.load("asks");
  const ask = (request: string, data: string | null = null, signal?: AbortSignal) =>
    refusalOf(() => modules.set.paggctl("asks", request, data, signal ? { signal } : {}));
  expect(await ask("NO")).toMatchObject({ errno: "ENOENT", message: "there is none", code: "NOT_FOUND" });
  expect(await ask("LATE")).toMatchObject({ errno: "EAGAIN", message: "not now" });
  expect(await ask("HUGE")).toMatchObject({ errno: "EMSGSIZE" });
  expect(await ask("ECHO", "x".repeat(2 << 20))).toMatchObject({ errno: "EINVAL" });
  const leaving = new AbortController();
  const waiting = ask("WAIT", null, leaving.signal);
  leaving.abort();
  expect(await waiting).toMatchObject({ errno: "ECANCELED" });
  const text = "ä€😀\n".repeat(50_000);
  expect(await modules.set.paggctl("asks", "ECHO", text)).toBe(text);
  const pending = Array.from({ length: 63 }, () => ask("WAIT"));
  expect(await ask("WAIT")).toMatchObject({ errno: "EBUSY", code: "BUSY" });
  await ask("EXIT").catch(() => {});
  await modules.set.unload("asks");
  for (const refused of await Promise.all(pending)) expect(refused.errno).toBe("EIO");
});

moduleTest("what it prints goes to the log, line by line and so much of it", async () => {
  await using modules = new TestModules();
  modules.write(
    "chatty.ts",
    `export default { attach: () => 1, requests: {
      SAY: { number: 1, answer: (text) => { console.log(text); console.error("and", text); } },
      SHOUT: { number: 2, answer: () => { for (let i = 0; i < 5000; i++) console.log("x".repeat(100)); process.stdout.write("y".repeat(5000) + "\\n"); } },
    } };`,
  );
  await modules.set.load("chatty");
  await modules.set.paggctl("chatty", "SAY", "hello");
  await modules.when(() => (modules.output.length >= 2 ? true : null));
  expect(modules.output.toSorted()).toEqual(["chatty: and hello", "chatty: hello"]);
  await modules.set.paggctl("chatty", "SHOUT");
  await modules.set.unload("chatty");
  const dropped = await modules.when(() => modules.output.find((line) => line.endsWith("were dropped)")) ?? null);
  expect(dropped).toMatch(/^chatty: \([0-9]+ bytes more were dropped\)$/);
  expect(modules.output.length).toBeLessThan(1000);
});

moduleTest("one that floods its output is killed", async () => {
  await using modules = new TestModules();
  modules.write(
    "flood.ts",
    `export default { attach: () => 1, requests: { FLOOD: { number: 1, answer: () => { const page = "x".repeat(1 << 16); for (;;) require("node:fs").writeSync(1, page); } } } };`,
  );
  await modules.set.load("flood");
  expect(await refusalOf(() => modules.set.paggctl("flood", "FLOOD"))).toMatchObject({ errno: "EIO" });
  expect(await modules.failure("flood")).toBe("it was unloaded: it floods its output");
});

moduleTest("one that cannot keep up with the events is killed, and holds up nobody", async () => {
  const failures: string[] = [];
  const host = ModuleHost.start({
    clock: systemClock,
    procRoot: "/proc",
    command: HOST_COMMAND,
    stallSeconds: 100,
    onOutcome: () => {},
    onAttach: () => {},
    onOutput: () => {},
    onFailed: ({ message }) => failures.push(message),
  });
  await host.load("/slow.ts", "slow", "export default { init() { for (;;) {} }, attach: () => 1 };");
  for (let key = 1; failures.length === 0; key++) host.push(["init", key, 1, 0, "0"]);
  expect(failures).toEqual(["it is too slow: 200000 events wait for it"]);
  await host.stop();
});

moduleTest("its process has nothing of the service's but what they talk by, and ends with it", async () => {
  await using modules = new TestModules();
  modules.write(
    "bare.ts",
    `import { readdirSync, readlinkSync } from "node:fs";
    export default { attach: () => 1, requests: { LOOK: { number: 1, answer: () => ({ pid: process.pid, env: Object.keys(process.env).sort(), cwd: process.cwd() }) } } };`,
  );
  await modules.set.load("bare");
  const seen = (await modules.set.paggctl("bare", "LOOK")) as { pid: number; env: string[]; cwd: string };
  expect(seen.cwd).toBe("/");
  expect(seen.env).toEqual(["BUN_RUNTIME_TRANSPILER_CACHE_PATH", "LANG", "PATH"]);
  const targets = readdirSync(`/proc/${seen.pid}/fd`).map((fd) => [fd, readlinkSync(`/proc/${seen.pid}/fd/${fd}`)]);
  const kindOf = (fd: number) => targets.find(([number]) => number === `${fd}`)?.[1]?.replace(/:.*/, "");
  expect([0, 1, 2, 3, 4].map(kindOf)).toEqual(["/dev/null", "pipe", "pipe", "socket", "pipe"]);
  // What else there is, it has opened itself; it may have made a second number of its socket.
  const socket = targets.find(([fd]) => fd === "3")?.[1];
  for (const [, target] of targets.filter(([, target]) => target !== socket))
    expect(target).toMatch(/^(?:pipe:|\/dev\/null|anon_inode:|\/dev\/u?random|\/proc\/)/);
  expect(readFileSync(`/proc/${seen.pid}/oom_score_adj`, "utf8")).toBe("1000\n");
  using held = PidFd.open(seen.pid);
  await modules.set.unload("bare");
  expect(held?.isAlive()).toBe(false);
  expect(existsSync(`/proc/${seen.pid}`)).toBe(false);
});

moduleTest("a module in an endless loop ends with a service that is killed", async () => {
  const script = `
    import { TestModules } from "#test/harness/module-set.ts";
    const modules = new TestModules();
    modules.write("loop.ts", "export default { attach: () => 1, requests: { PID: { number: 1, answer: () => process.pid }, LOOP: { number: 2, answer: () => { for (;;) {} } } } };");
    await modules.set.load("loop");
    const pid = await modules.set.paggctl("loop", "PID");
    modules.set.paggctl("loop", "LOOP").catch(() => {});
    modules.directory[Symbol.dispose]();
    console.log(pid);
    await new Promise(() => {});
  `;
  const root = `${import.meta.dir}/../../..`;
  const service = Bun.spawn([process.execPath, "--eval", script], { cwd: root, stdout: "pipe", stderr: "inherit" });
  try {
    const { value } = await service.stdout.getReader().read();
    using host = PidFd.open(Number(new TextDecoder().decode(value)));
    service.kill("SIGKILL");
    expect(await host?.exited()).toBe(true);
  } finally {
    service.kill("SIGKILL");
  }
});

moduleTest("one whose process cannot be started is told so", async () => {
  await using modules = new TestModules({ hostCommand: ["/nonexistent/muster", "--module-host"] });
  modules.write("any.ts", "export default { attach: () => 1 };");
  expect(await refusalOf(() => modules.set.load("any"))).toMatchObject({ errno: "EIO" });
  expect(modules.set.items()).toEqual([]);
});

moduleTest("a service that ends while a module is being loaded waits for nobody", async () => {
  const modules = new TestModules();
  modules.write("never.ts", "await new Promise(() => {});\nexport default { attach: () => 1 };");
  const loading = refusalOf(() => modules.set.load("never"));
  expect(modules.set.items()).toMatchObject([{ name: "never", state: "loading" }]);
  await modules[Symbol.asyncDispose]();
  expect(await loading).toMatchObject({ errno: "ECANCELED" });
  expect(await refusalOf(() => modules.set.load("never"))).toMatchObject({ errno: "EIO" });
});

moduleTest(
  "without process events a module that wants all processes is not loaded, and another gets none",
  async () => {
    const script = `
    import { TestModules } from "#test/harness/module-set.ts";
    const modules = new TestModules();
    modules.write("all.ts", "export default { init: () => 1, attach: () => 1 };");
    modules.write("some.ts", "export default { attach: () => 1, requests: { TAKE: { number: 1, answer: (pid, pagg) => pagg.attach(pid, 1) } } };");
    const all = await modules.set.load("all").then(() => "loaded", ({ errno, message }) => errno + " " + message);
    await modules.set.load("some");
    const some = await modules.set.paggctl("some", "TAKE", process.pid).then(() => "taken", ({ message }) => message);
    console.log(JSON.stringify({ all, some, items: modules.set.items().map(({ name, state }) => [name, state]) }));
    await modules[Symbol.asyncDispose]();
  `;
    // The connector is only in the first network namespace.
    const argv = ["unshare", "--net", process.execPath, "--eval", script];
    const service = Bun.spawn(argv, { cwd: `${import.meta.dir}/../../..`, stdout: "pipe", stderr: "inherit" });
    const told = JSON.parse(await service.stdout.text());
    expect(told.all).toMatch(/^E[A-Z]+ the module cannot be run: /);
    expect(told.some).toMatch(/^process [0-9]+ cannot be attached: /);
    expect(told.items).toEqual([["some", "registered"]]);
  },
  { program: "unshare", isRoot: true },
);
