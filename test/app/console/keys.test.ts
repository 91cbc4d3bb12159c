/** Keys: none lost, none where they do not belong, text where text is asked for. */
import { afterEach, expect, test } from "bun:test";
import { COMMANDS } from "#app/console/commands.ts";
import { createKeymap } from "#app/console/keymap.ts";
import { ACTION_LIST, ACTIONS } from "#core/act/actions.ts";
import type { Kind } from "#core/model/kinds.ts";
import { daemon } from "#test/harness/items.ts";
import { DOWN, ENTER, ESC, openScreen, type Screen, type ScreenOptions, TAB, UP } from "#test/harness/screen.ts";

let screen: Screen;
afterEach(() => screen?.close());

const many = (count: number) =>
  Array.from({ length: count }, (_, index) => daemon(`d${String(index).padStart(5, "0")}`));

async function open(count: number, options: ScreenOptions = {}): Promise<Screen> {
  screen = await openScreen({
    ...options,
    prepare: (service) => service.emit({ src: "daemons", op: "reset", items: many(count) }),
  });
  return screen;
}

test("200 j in one chunk move the cursor by 200", async () => {
  await open(10_000);
  await screen.press("j".repeat(200));
  expect(screen.text()).toContain("201/10000");
  expect(screen.line("▸ d")).toContain("d00200");
});

test("arrows in one chunk, page keys, ends", async () => {
  await open(100);
  await screen.press(DOWN.repeat(5) + UP);
  expect(screen.text()).toContain("5/100");
  await screen.press("G");
  expect(screen.text()).toContain("100/100");
  await screen.press("\x15");
  expect(screen.text()).toContain("82/100");
  await screen.press("g");
  expect(screen.text()).toContain(" 1/100");
  await screen.press("\x04\x04");
  expect(screen.text()).toContain("37/100");
  await screen.press("\x1b[F", "\x1b[6~", "\x1b[H", "\x1b[6~", "\x1b[5~");
  expect(screen.text()).toContain(" 1/100");
});

test("Esc is not lost where the next key comes in the same chunk", async () => {
  await open(3);
  await screen.press("x\t");
  expect(screen.text()).toContain("▸ Stop");
  await screen.press("\x1b\r");
  expect(screen.service.invocations).toEqual([]);
  expect(screen.text()).toContain("identity");
  await screen.press("\x1bj");
  expect(screen.text()).toContain("2/3");
  expect(screen.text()).not.toContain("identity");
  await screen.press("/d00001", "\x1b\x1b[A");
  expect(screen.text()).toContain("1/3");
  await screen.press("/d00001\r", "/", "\x1b\x1bj");
  expect(screen.text()).toContain("3/3");
});

test("panes by Tab, Shift-Tab and number; a number without a pane says so", async () => {
  await open(3);
  await screen.press(TAB);
  expect(screen.line("▸ 2 Categories")).not.toBe("");
  await screen.press("\x1b[Z");
  expect(screen.line("▸ 1 Daemons")).not.toBe("");
  await screen.press("7");
  expect(screen.line("▸ 7 Events")).not.toBe("");
  await screen.press("9");
  expect(screen.text()).toContain("there is no pane 9");
});

test("the filter is live, words are joined by and, letters are letters in it", async () => {
  await open(100);
  await screen.press("/", "d0 07", "q?", "\x7f\x7f");
  expect(screen.text()).toContain("filter: d0 07");
  expect(screen.text()).toContain("1/11 (of 100)");
  await screen.press(ENTER);
  expect(screen.line("▸ d")).toContain("d00007");
  await screen.press(ESC);
  expect(screen.text()).toContain("8/100");
  expect(screen.line("▸ d")).toContain("d00007");
});

test("a pattern between slashes is a regular expression; a wrong one says what is wrong", async () => {
  await open(100);
  await screen.press("/", "/^d0009[0-4]/");
  expect(screen.text()).toContain("1/5 (of 100)");
  await screen.press("\x15", "/[/");
  expect(screen.text()).toContain("Invalid regular expression");
});

test("FIELD=VALUE is compared exactly, as on the command line; a field that is none is told with those there are", async () => {
  await open(100);
  await screen.press("/", "d000 name=d00007");
  expect(screen.text()).toContain("1/1 (of 100)");
  await screen.press("\x7f");
  expect(screen.text()).toContain('0 of 100 match "d000 name=d0000"');
  await screen.press("\x15", "lock.held=true");
  expect(screen.text()).toContain("1/100");
  await screen.press("\x15", "sate=up");
  expect(screen.text()).toMatch(/^ filter: sate=up .*unknown field 'sate'/m);
  expect(screen.text()).toContain("fields: id, kind, name, ");
  expect(screen.text()).toContain("1/100");
  expect(screen.lines().at(-1)).toContain("keep");
});

test("a text field: ctrl-a, ctrl-e, ctrl-u, ctrl-w, arrows, paste", async () => {
  await open(3);
  await screen.press("/", "two", "\x01", "one ", "\x05", "!", "\x17", "three");
  expect(screen.line(" filter:")).toContain("filter: one three");
  await screen.press("\x15", "\x1b[200~pasted text\nsecond line\x1b[201~");
  expect(screen.line(" filter:")).toContain("filter: pasted text");
  await screen.press("\x1b[D\x1b[D\x1b[D\x1b[D", "X");
  expect(screen.line(" filter:")).toContain("pasted Xtext");
});

test("pasted text does not act as keys", async () => {
  await open(3);
  await screen.press("\x1b[200~xyqq\x1b[201~");
  expect(screen.service.invocations).toHaveLength(0);
  expect(screen.text()).not.toContain("Stop");
});

test("below a dialog the list is deaf", async () => {
  await open(50);
  await screen.press("x", "jjjjtrq/");
  expect(screen.text()).toContain("Stop d00000?");
  expect(screen.text()).toContain("1/50");
  expect(screen.service.invocations).toHaveLength(0);
});

test("help is searched by typing and does what Enter marks", async () => {
  await open(50);
  await screen.press("?", "to the last", ENTER);
  expect(screen.text()).toContain("50/50");
  await screen.press("?", "hup", ENTER);
  expect(screen.service.invocations[0]?.request.action).toBe("daemon.reload");
});

test("sort menu: numbers begin with the greatest, the same column again turns round", async () => {
  screen = await openScreen({
    prepare: (service) =>
      service.emit({
        src: "daemons",
        op: "reset",
        items: [daemon("a", { pid: 3 }), daemon("b", { pid: 9 }), daemon("c", { pid: 5 })],
      }),
  });
  const order = () =>
    screen
      .lines()
      .flatMap((line) => /^[ ▸] ([abc]) /.exec(line)?.[1] ?? [])
      .join("");
  expect(order()).toBe("abc");
  await screen.press("s", "jj", ENTER);
  expect(order()).toBe("bca");
  expect(screen.line("NAME")).toContain("▼PID");
  expect(screen.line("▸ a")).not.toBe("");
  await screen.press("s", ENTER);
  expect(order()).toBe("acb");
  await screen.press("s", "r");
  expect(order()).toBe("bca");
});

test("freeze holds the picture loudly, again lets it go on", async () => {
  await open(3);
  await screen.press("f");
  expect(screen.text()).toContain("FROZEN");
  screen.service.emit({ src: "daemons", op: "upsert", item: daemon("new") });
  await screen.advance(1000);
  expect(screen.line("  new")).toBe("");
  await screen.press("f");
  expect(screen.line("  new")).not.toBe("");
  expect(screen.text()).not.toContain("FROZEN");
});

test("r reads every source again and says so", async () => {
  await open(3);
  await screen.press("rrr");
  expect(screen.service.refreshes.count).toBe(1);
  expect(screen.text()).toContain("every source was read");
});

test("q leaves from the list only; ctrl-c from anywhere", async () => {
  await open(3);
  await screen.press(ENTER, "q");
  expect(screen.line("NAME")).not.toBe("");
  await screen.press("q");
  expect(await screen.exit).toBe(0);
  await open(3);
  await screen.press("x", "\x03");
  expect(await screen.exit).toBe(130);
});

test("q while an action runs asks once", async () => {
  await open(3);
  await screen.press("L", "q");
  expect(screen.text()).toContain("reload of d00000 is still running: q again leaves it alone");
  await screen.press("q");
  expect(await screen.exit).toBe(0);
});

test("a key bound twice in one context is an error that names both", () => {
  const actions = [...ACTION_LIST, { ...ACTIONS["daemon.check"], id: "daemon.other", key: "/" }];
  const make = () => createKeymap({ commands: COMMANDS, actions, panes: [{ kinds: ["daemons"] }] });
  expect(make).toThrow(/key \/ is bound to both daemon\.other and filter in list/);
});

test("what is made new is made on every line of its pane: it may not take the key of another kind of line", () => {
  const actions = [...ACTION_LIST, { ...ACTIONS["module.check"], id: "module.other", key: "D" }];
  const make = (panes: readonly { readonly kinds: readonly Kind[] }[]) =>
    createKeymap({ commands: COMMANDS, actions, panes });
  expect(() => make([{ kinds: ["modules", "jobs"] }])).toThrow(
    /key D is bound to both job\.detach and module\.other in list/,
  );
  expect(() => make([{ kinds: ["modules"] }, { kinds: ["jobs"] }])).not.toThrow();
});

test("ctrl-z lends the terminal to the shell and takes it back", async () => {
  const seen: boolean[] = [];
  await open(3, { stopProcess: () => seen.push(screen.stdin.isRaw) });
  screen.takeWritten();
  await screen.press("\x1a\x1a");
  expect(seen).toEqual([false]);
  expect(screen.takeWritten()).toContain("\x1b[?1049l");
  await screen.advance(100);
  expect(screen.takeWritten()).toContain("\x1b[?1049h");
  expect(screen.stdin.isRaw).toBe(true);
  expect(screen.text()).toContain("d00002");
});
