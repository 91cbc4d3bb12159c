/** Every way out gives the terminal back and has its code. The same with a real terminal and real signals: test of main. */
import { expect, test } from "bun:test";
import { daemon } from "#test/harness/items.ts";
import { openScreen, type Screen } from "#test/harness/screen.ts";

async function left(screen: Screen): Promise<{ code: number; written: string }> {
  const code = await screen.exit;
  return { code, written: screen.takeWritten() };
}

const ways: readonly (readonly [name: string, code: number, leave: (screen: Screen) => unknown])[] = [
  ["q", 0, (screen) => screen.press("q")],
  ["ctrl-c", 130, (screen) => screen.press("\x03")],
  ["SIGTERM", 143, () => process.emit("SIGTERM")],
  ["SIGINT", 130, () => process.emit("SIGINT")],
  ["SIGHUP", 129, () => process.emit("SIGHUP")],
  ["the terminal hangs up", 129, (screen) => screen.stdin.hangUp()],
  ["an error nobody caught", 70, () => process.emit("uncaughtException", new Error("boom"))],
  ["a rejection nobody caught", 70, () => process.emit("unhandledRejection", new Error("boom"), Promise.resolve())],
];

for (const [name, code, leave] of ways) {
  test(`${name}: ${code}, terminal restored, listeners taken back`, async () => {
    const listeners = process.listenerCount("uncaughtException");
    const screen = await openScreen();
    expect(screen.stdin.isRaw).toBe(true);
    await leave(screen);
    const result = await left(screen);
    expect(result.code).toBe(code);
    expect(screen.stdin.isRaw).toBe(false);
    for (const sequence of ["\x1b[?1049l", "\x1b[?25h", "\x1b[?2004l"]) expect(result.written).toContain(sequence);
    expect(screen.stderr.text).toBe(code === 70 ? screen.stderr.text : "");
    if (code === 70) expect(screen.stderr.text).toContain("muster: INTERNAL: boom");
    expect(process.listenerCount("uncaughtException")).toBe(listeners);
  });
}

test("an error while drawing leaves with 70 and is reported", async () => {
  const screen = await openScreen();
  screen.service.emit({ src: "daemons", op: "upsert", item: daemon("x", { problems: null as never }) });
  await screen.exit.then((code) => expect(code).toBe(70));
  expect(screen.stderr.text).toContain("muster: INTERNAL");
  expect(screen.stdin.isRaw).toBe(false);
});
