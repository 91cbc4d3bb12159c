/** The console for screen readers on a terminal: plain lines, keys and pastes told apart, every way out. */
import { expect, test } from "bun:test";
import { join } from "node:path";
import type { ConsoleOptions } from "#app/console/run.ts";
import { runJournal } from "#app/console/run-journal.ts";
import { openTerminal } from "#app/player/stage.ts";
import { createVirtualClock } from "#core/playback/virtual-clock.ts";
import { CommandLine, MAIN } from "#test/harness/cli.ts";
import { daemon } from "#test/harness/items.ts";
import { createScriptedService } from "#test/harness/scripted-service.ts";

const PASTE_ON = "\x1b[?2004h";
const PASTE_OFF = "\x1b[?2004l";

async function open(more: Partial<ConsoleOptions> = {}) {
  let written = "";
  let onWritten = () => {};
  const on = await openTerminal({ columns: 40, rows: 10 }, (text) => {
    written += text;
    onWritten();
  });
  const clock = createVirtualClock();
  const service = createScriptedService(clock);
  service.emit({ src: "daemons", op: "reset", items: [daemon("alpha", { pid: 101 }), daemon("beta", { pid: 102 })] });
  const exit = runJournal({
    ...on.streams,
    service,
    clock,
    theme: { colorLevel: 2, isAscii: false, isMotionless: false },
    version: "0.1.0",
    ...more,
  });
  const turn = () => new Promise<void>((resolve) => setImmediate(resolve));
  await turn();
  return {
    on,
    clock,
    service,
    exit,
    async press(...chunks: readonly string[]) {
      for (const chunk of chunks) on.stdin.send(chunk);
      await turn();
    },
    turn,
    /** Resolves when `text` was written. */
    until: (text: string) =>
      new Promise<void>((resolve) => {
        onWritten = () => {
          if (written.includes(text)) resolve();
        };
        onWritten();
      }),
    /** Lines since the last call. */
    take() {
      const taken = written;
      written = "";
      return taken;
    },
  };
}

test("what is written is lines and nothing else, whatever the size of the terminal", async () => {
  const heard = await open();
  const first = heard.take();
  expect(first.startsWith(`${PASTE_ON}muster 0.1.0, n1; ? tells the keys\nDaemons, pane 1 of 7, `)).toBe(true);
  await heard.press("j", "x");
  const said = heard.take();
  expect(said).toContain("daemon beta, up, pid 102");
  expect(said).toContain("Stop beta?\n");
  heard.on.resize({ columns: 10, rows: 3 }, { columns: 200, rows: 60 });
  await heard.press("\t", "y");
  expect(heard.take()).toBe("Stop is marked\nstop beta: sent\n");
  expect(heard.service.invocations[0]?.request.targets[0]).toMatchObject({ identity: "102:5000" });
  for (let step = 0; step < 20; step++) heard.clock.advance(1000);
  await heard.turn();
  expect(heard.take()).toBe("");
  await heard.press("\x03");
  expect(await heard.exit).toBe(130);
  expect(heard.take()).toBe(PASTE_OFF);
});

test("pasted text is text: it goes into a field or nowhere", async () => {
  const heard = await open();
  heard.take();
  await heard.press("\x1b[200~xy\x1b[201~");
  expect(heard.take()).toBe("");
  expect(heard.service.invocations).toHaveLength(0);
  await heard.press("/", "\x1b[200~bet\x1b[201~");
  expect(heard.take()).toContain("filter: bet, 1 of 2\n");
  await heard.press("\x03");
  await heard.exit;
});

const ways: readonly (readonly [
  name: string,
  code: number,
  leave: (heard: Awaited<ReturnType<typeof open>>) => unknown,
])[] = [
  ["q", 0, (heard) => heard.press("q")],
  ["ctrl-c", 130, (heard) => heard.press("\x03")],
  ["SIGTERM", 143, () => process.emit("SIGTERM")],
  ["SIGHUP", 129, () => process.emit("SIGHUP")],
  ["the terminal hangs up", 129, (heard) => heard.on.stdin.emit("end")],
  ["an error nobody caught", 70, () => process.emit("uncaughtException", new Error("boom"))],
];

for (const [name, code, leave] of ways) {
  test(`${name}: ${code}, terminal restored, listeners taken back`, async () => {
    const listeners = process.listenerCount("uncaughtException");
    const heard = await open();
    expect(heard.on.stdin.isRaw).toBe(true);
    await leave(heard);
    expect(await heard.exit).toBe(code);
    expect(heard.on.stdin.isRaw).toBe(false);
    expect(heard.take().endsWith(PASTE_OFF)).toBe(true);
    expect(heard.on.errors.text).toContain(code === 70 ? "muster: INTERNAL: boom" : "");
    expect(heard.clock.pending()).toBe(0);
    expect(process.listenerCount("uncaughtException")).toBe(listeners);
  });
}

test("brought back by the shell it tells where it is", async () => {
  let stops = 0;
  const heard = await open({ stopProcess: () => stops++ });
  heard.take();
  await heard.press("\x1a");
  expect(stops).toBe(1);
  heard.clock.advance(1000);
  await heard.until("daemon alpha");
  expect(heard.take()).toMatch(/^\x1b\[\?2004hDaemons, pane 1 of 7, 2 daemons, .*\ndaemon alpha, up, .*\n$/);
  await heard.press("q");
  expect(await heard.exit).toBe(0);
});

const CRASH = join(import.meta.dir, "../../harness/crash-on-signal.ts");

for (const [how, args, variables] of [
  ["--screen-reader", ["--screen-reader"], {}],
  ["INK_SCREEN_READER=true", [], { INK_SCREEN_READER: "true" }],
] as const) {
  test(`the real muster with ${how}`, async () => {
    using cli = new CommandLine();
    let output = "";
    let isAsked = false;
    const child = Bun.spawn([process.execPath, "--preload", CRASH, MAIN, ...args], {
      cwd: cli.path,
      env: { ...cli.env, ...variables, TERM: "xterm-256color" },
      terminal: {
        cols: 100,
        rows: 30,
        data(terminal, bytes) {
          output += Buffer.from(bytes).toString("utf8");
          if (isAsked || !output.includes("No daemons")) return;
          isAsked = true;
          terminal.write("7q");
        },
      },
    });
    expect(await child.exited).toBe(0);
    expect(output).toContain("Events, pane 7 of 7");
    expect(output.replace(PASTE_ON, "").replace(PASTE_OFF, "")).not.toContain("\x1b");
  });
}
