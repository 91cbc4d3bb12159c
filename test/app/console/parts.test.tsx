/** Parts alone, by ink-testing-library: props in, lines out. */
import { expect, test } from "bun:test";
import { Box } from "ink";
import { render } from "ink-testing-library";
import type { ReactElement } from "react";
import { ConfirmDialog } from "#app/console/parts/confirm-dialog.tsx";
import { Footer, type FooterKey } from "#app/console/parts/footer.tsx";
import { Header } from "#app/console/parts/header.tsx";
import { TabLine } from "#app/console/parts/tab-line.tsx";
import { createSkin } from "#app/console/skin.ts";

const skin = createSkin({ colorLevel: 0, isAscii: false, isMotionless: true });

function frame(element: ReactElement, columns: number, rows: number): readonly string[] {
  const { lastFrame, unmount } = render(
    <Box width={columns} height={rows}>
      {element}
    </Box>,
  );
  const lines = Bun.stripANSI(lastFrame() ?? "").split("\n");
  unmount();
  return lines;
}

const bar = (columns: number) => ({ left: 0, top: 0, columns, rows: 1 });

test("header: flags and time stay, the name gives way", () => {
  const header = (columns: number) =>
    frame(
      <Header
        skin={skin}
        rect={bar(columns)}
        version="1.2.3"
        node="a-node-with-a-rather-long-name.example.org"
        flags={["READ-ONLY", "FROZEN"]}
        asOf="10:00:00"
      />,
      columns,
      1,
    )[0] ?? "";
  expect(header(100)).toContain("a-node-with-a-rather-long-name.example.org");
  expect(header(60)).toMatch(/^muster 1\.2\.3.*… +READ-ONLY {3}FROZEN {2}as of 10:00:00$/);
});

test("footer: as many keys as fit, help always, what is off in brackets without colour", () => {
  const keys: readonly FooterKey[] = [
    { key: "x", label: "stop", isDisabled: false },
    { key: "t", label: "start", isDisabled: true },
    { key: "R", label: "restart", isDisabled: false },
  ];
  const last = { key: "?", label: "help", isDisabled: false };
  const footer = (columns: number) =>
    frame(<Footer skin={skin} rect={bar(columns)} keys={keys} last={last} />, columns, 1)[0];
  expect(footer(60)).toBe(" x stop  (t start)  R restart  ? help");
  expect(footer(30)).toBe(" x stop  (t start)  ? help");
  expect(footer(12)).toBe(" ? help");
});

test("tabs: the one in front is whole; those behind get short, then lose their counts, then their titles", () => {
  const titles = ["Daemons", "Categories", "Members", "Aggregates", "Events"];
  const tabs = titles.map((title, index) => ({
    title,
    shortTitle: title.slice(0, 4),
    count: "100",
    errors: index % 2,
    warnings: 12,
    isActive: index === 1,
  }));
  const line = (columns: number) =>
    frame(
      <TabLine skin={skin} rect={bar(columns)} tabs={tabs} scope="" filter="" position="12/100 (of 3000)" />,
      columns,
      1,
    )[0];
  expect(line(140)).toMatch(
    /^ {2}1 Daemons 100 ▲12 ▸ 2 Categories 100 ✖1 ▲12 .* 5 Events 100 ▲12 +12\/100 \(of 3000\)$/,
  );
  expect(line(118)).toMatch(/^ {2}1 Daem 100 ▲12 ▸ 2 Categories 100 ✖1 ▲12 .* 5 Even 100 ▲12 +12\/100 \(of 3000\)$/);
  expect(line(100)).toMatch(
    /^ {2}1 Daem ▲12 ▸ 2 Categories 100 ✖1 ▲12 {3}3 Memb ▲12 .* 5 Even ▲12 +12\/100 \(of 3000\)$/,
  );
  expect(line(80)).toMatch(/^ {2}1 ▲12 ▸ 2 Categories 100 ✖1 ▲12 {3}3 ▲12 {3}4 ✖1 ▲12 {3}5 ▲12 +12\/100 \(of 3000\)$/);
  expect(line(60)).toMatch(/^ {2}1 ▸ 2 Categories 100 ✖1 ▲12 {3}3 {3}4 {3}5 +12\/100/);
});

test("confirm dialog: marks one button, wraps what is long, shows control characters", () => {
  const lines = frame(
    <ConfirmDialog
      skin={skin}
      body={{ left: 0, top: 0, columns: 60, rows: 20 }}
      verb="Stop"
      question={"Stop evil\x1b[2J?"}
      facts={[["item", `n1/daemon/${"x".repeat(80)}`]]}
      consequence="it will be told to end."
      change="it is gone meanwhile."
      choice="accept"
    />,
    60,
    20,
  );
  const text = lines.join("\n");
  expect(text).toContain("Stop evil\\x1b[2J?");
  expect(text).toContain("▲ it is gone meanwhile.");
  expect(text).toContain("▸ Stop");
  expect(text).not.toContain("▸ Cancel");
  for (const line of lines) expect(line.length).toBeLessThanOrEqual(60);
});
