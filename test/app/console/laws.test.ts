/** The five laws of the console (design/console.md 1), each by keys in and screen out. */
import { afterEach, expect, test } from "bun:test";
import { footerBindings } from "#app/console/footer-view.ts";
import { helpEntries } from "#app/console/help-entries.ts";
import type { Daemon } from "#core/model/daemon.ts";
import { daemon } from "#test/harness/items.ts";
import { ENTER, ESC, openScreen, type Screen } from "#test/harness/screen.ts";

let screen: Screen;
afterEach(() => screen.close());

const reset = (items: readonly Daemon[]) => ({ src: "daemons", op: "reset", items }) as const;
const three = [daemon("alpha", { pid: 101 }), daemon("beta", { pid: 102 }), daemon("gamma", { pid: 103 })];

test("a re-sort under an open dialog does not change what is stopped", async () => {
  screen = await openScreen({ prepare: (service) => service.emit(reset(three)) });
  await screen.press("j", "x");
  expect(screen.text()).toContain("Stop beta?");
  screen.service.emit({ src: "daemons", op: "upsert", item: daemon("aardvark", { pid: 99 }) });
  screen.service.emit({ src: "daemons", op: "upsert", item: daemon("beta", { pid: 500, label: "zz-beta" }) });
  await screen.advance(1000);
  expect(screen.text()).toContain("Stop beta?");
  expect(screen.text()).not.toContain("aardvark");
  await screen.press("y");
  expect(screen.service.invocations[0]?.request).toMatchObject({
    action: "daemon.stop",
    targets: [{ id: "n1/daemon/beta", identity: "102:5000" }],
    via: "console",
    dryRun: false,
  });
  expect(screen.text()).toContain("aardvark");
});

test("a re-sort keeps the cursor on its item", async () => {
  screen = await openScreen({ prepare: (service) => service.emit(reset(three)) });
  await screen.press("j");
  screen.service.emit({ src: "daemons", op: "upsert", item: daemon("beta", { label: "zz-beta" }) });
  await screen.advance(1000);
  expect(screen.line("▸ zz")).toContain("▸ zz-beta");
  expect(screen.line("3/3")).not.toBe("");
});

test("an item that vanishes leaves the cursor to its neighbour, and that is said once", async () => {
  screen = await openScreen({ prepare: (service) => service.emit(reset(three)) });
  await screen.press("j");
  screen.service.emit({ src: "daemons", op: "remove", id: "n1/daemon/beta", reason: "pid file removed" });
  await screen.advance(300);
  expect(screen.line("▸ gamma")).not.toBe("");
  expect(screen.text()).toContain("beta is gone: the cursor is on gamma now");
  await screen.advance(5000);
  await screen.press("k");
  screen.service.emit({ src: "daemons", op: "upsert", item: daemon("delta") });
  await screen.advance(1000);
  expect(screen.text()).not.toContain("is gone");
});

test("an open detail closes when its item vanishes, so that no other is taken for it", async () => {
  screen = await openScreen({ prepare: (service) => service.emit(reset(three)) });
  await screen.press("j", ENTER);
  expect(screen.text()).toContain("identity    102:5000");
  screen.service.emit({ src: "daemons", op: "remove", id: "n1/daemon/beta", reason: "pid file removed" });
  await screen.advance(300);
  expect(screen.line("NAME")).not.toBe("");
});

test("every binding is in the footer or in help, and help has them all", async () => {
  screen = await openScreen({ prepare: (service) => service.emit(reset(three)) });
  const { desk } = screen.open;
  for (const keys of ["", ENTER]) {
    if (keys !== "") await screen.press(keys);
    const state = desk.store.state();
    for (const kind of ["daemons", "events"] as const) {
      const here = { ...state, ui: { ...state.ui, pane: kind } };
      const all = desk.keymap.bindings(here.ui.panes[kind].isDetailOpen ? "detail" : "list", kind).map(({ id }) => id);
      const help = helpEntries(desk.keymap, here, "", false).map((entry) => entry.binding.id);
      const footer = footerBindings(desk.keymap.bindings("list", kind)).map(({ id }) => id);
      expect(new Set([...help, ...footer.filter((id) => all.includes(id))])).toEqual(new Set(all));
      expect(new Set(help)).toEqual(new Set(all));
    }
  }
});

test("a disabled action stays in sight; pressing it says why and does nothing", async () => {
  const found = daemon("found", { managed: false, state: "down" });
  screen = await openScreen({ prepare: (service) => service.emit(reset([found])) });
  expect(screen.line("? help")).toContain("t start");
  await screen.press("t");
  expect(screen.text()).toContain("found is only found, not declared");
  expect(screen.service.invocations).toHaveLength(0);
  await screen.press("?");
  await screen.press("start: run");
  expect(screen.text()).toContain("Not now: found is only found");
});

test("what was done is said, and can be taken back", async () => {
  screen = await openScreen({ prepare: (service) => service.emit(reset([daemon("alpha", { state: "down" })])) });
  await screen.press("t");
  screen.service.invocations[0]?.finish({ message: "it runs as pid 900", undo: "daemon.stop" });
  screen.service.emit({ src: "daemons", op: "upsert", item: daemon("alpha", { pid: 900 }) });
  await screen.settle();
  expect(screen.text()).toContain("start alpha: it runs as pid 900 (z takes it back)");
  await screen.press("z");
  expect(screen.text()).toContain("Stop alpha?");
  await screen.press("y");
  expect(screen.service.invocations[1]?.request).toMatchObject({
    action: "daemon.stop",
    targets: [{ id: "n1/daemon/alpha", identity: "900:5000" }],
  });
});

test("Esc takes away exactly one layer", async () => {
  screen = await openScreen({ prepare: (service) => service.emit(reset(three)) });
  await screen.press("/", "a", ENTER);
  await screen.press(ENTER);
  await screen.press("x");
  expect(screen.text()).toContain("Stop alpha?");
  await screen.press(ESC);
  expect(screen.text()).not.toContain("Stop alpha?");
  expect(screen.text()).toContain("identity");
  await screen.press(ESC);
  expect(screen.line("NAME")).not.toBe("");
  expect(screen.text()).toContain("filter: a");
  await screen.press(ESC);
  expect(screen.text()).not.toContain("filter: a");
  const before = screen.text();
  await screen.press(ESC);
  expect(screen.text()).toBe(before);
});
