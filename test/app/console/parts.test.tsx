/** Parts alone, by ink-testing-library: props in, lines out. */
import { expect, test } from "bun:test";
import { Box } from "ink";
import { render } from "ink-testing-library";
import type { ReactElement } from "react";
import { ConfirmDialog } from "#app/console/parts/confirm-dialog.tsx";
import { Footer, type FooterKey } from "#app/console/parts/footer.tsx";
import { Header } from "#app/console/parts/header.tsx";
import { Region } from "#app/console/parts/region.tsx";
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

test("region: as many lines as it has rows; nothing of them acts on the terminal but colour", () => {
  const lines = ["one", "\x1b[31mt\x1b[2Jw\x1b]0;title\x07o\x1b[39m", "", "fo\nu\x9b1mr", "five"];
  const region = <Region rect={{ left: 2, top: 1, columns: 20, rows: 4 }} lines={lines} />;
  expect(frame(region, 30, 6)).toEqual(["", "  one", "  t[2Jw]0;titleo", "", "  fou1mr", ""]);
  const moved = <Region rect={{ left: 0, top: 0, columns: 20, rows: 1 }} lines={lines} />;
  expect(frame(moved, 30, 2)).toEqual(["one", ""]);
});

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

const TITLES = [
  ["Daemons", "Daem"],
  ["Categories", "Cat"],
  ["Members", "Memb"],
  ["Aggregates", "Aggr"],
  ["Power", "Pow"],
  ["Containers", "Cont"],
  ["Events", "Ev"],
] as const;

interface Fullness {
  readonly active?: number;
  readonly count?: string;
  readonly alarms?: boolean;
  readonly filter?: string;
  readonly position?: string;
}

function tabLine(columns: number, fullness: Fullness = {}): string {
  const { active = 1, count = "100", alarms = true, filter = "", position = "12/100 (of 3000)" } = fullness;
  const tabs = TITLES.map(([title, shortTitle], index) => ({
    title,
    shortTitle,
    count,
    errors: alarms ? index % 2 : 0,
    warnings: alarms ? 12 : 0,
    isActive: index === active,
  }));
  const element = <TabLine skin={skin} rect={bar(columns)} tabs={tabs} scope="" filter={filter} position={position} />;
  return frame(element, columns, 1)[0] ?? "";
}

test("tabs: those behind get short, then lose their counts, then warnings beside errors, then their titles", () => {
  expect(tabLine(180)).toMatch(
    /^ {2}1 Daemons 100 ▲12 ▸ 2 Categories 100 ✖1 ▲12 {2}3 .* {2}7 Events 100 ▲12 +12\/100 \(of 3000\)$/,
  );
  expect(tabLine(150)).toMatch(
    /^ {2}1 Daem 100 ▲12 ▸ 2 Categories 100 ✖1 ▲12 .* {2}7 Ev 100 ▲12 +12\/100 \(of 3000\)$/,
  );
  expect(tabLine(122)).toMatch(/^ {2}1 Daem ▲12 ▸ 2 Categories 100 ✖1 ▲12 {2}3 Memb ▲12 .* {2}7 Ev ▲12 +12\/100/);
  expect(tabLine(114)).toMatch(/^ {2}1 Daem ▲12 ▸ 2 Cat 100 ✖1 ▲12 {2}3 Memb ▲12 .* {2}7 Ev ▲12 +12\/100/);
  expect(tabLine(104)).toMatch(
    /^ {2}1 Daem ▲12 ▸ 2 Cat 100 ✖1 ▲12 {2}3 Memb ▲12 {2}4 Aggr ✖1 {2}5 Pow ▲12 {2}6 Cont ✖1 {2}7 Ev/,
  );
  expect(tabLine(88)).toMatch(/^ {2}1 ▲12 ▸ 2 Cat 100 ✖1 ▲12 {2}3 ▲12 {2}4 ✖1 ▲12 {2}5 ▲12 {2}6 ✖1 ▲12 {2}7 ▲12 +12/);
  expect(tabLine(80)).toMatch(/^ {2}1 ▲12 ▸ 2 Cat 100 ✖1 ▲12 {2}3 ▲12 {2}4 ✖1 {2}5 ▲12 {2}6 ✖1 {2}7 ▲12 +12/);
  expect(tabLine(64)).toMatch(/^ {2}1 ▸ 2 Categories 100 ✖1 ▲12 {2}3 {2}4 {2}5 {2}6 {2}7 +12\/100/);
  expect(tabLine(44)).toMatch(/^▸ 2 Categories 100 ✖1 ▲12 +12\/100 \(of 3000\)$/);
});

test("tabs: nothing is ever cut, whichever is in front, with counts of thousands, alarms and a filter", () => {
  const whole = new Set(TITLES.flat().flatMap((title) => [title]));
  for (const columns of [40, 60, 80, 100, 120, 160, 200]) {
    for (const active of TITLES.keys()) {
      for (const count of ["0", "100", "12345"]) {
        for (const alarms of [true, false]) {
          const position = columns < 60 ? "12/100" : "12/12345 (of 12345)";
          const shown = tabLine(columns, { active, count, alarms, filter: columns < 60 ? "db" : "sshd", position });
          expect(shown).not.toContain("…");
          expect(shown.trimEnd()).toEndWith(position);
          expect(shown).toContain(`▸ ${active + 1} `);
          for (const [word] of shown.replace(/filter: (?:sshd|db)/, "").matchAll(/[A-Za-z]{2,}/g)) {
            if (word !== "of") expect(whole.has(word as "Events")).toBe(true);
          }
        }
      }
    }
  }
});

test("tabs: 80 columns with usual counts and some alarms name every pane", () => {
  for (const active of TITLES.keys()) {
    const shown = tabLine(80, { active, count: "37", alarms: false, position: "7/37" });
    for (const [index, [title, shortTitle]] of TITLES.entries()) {
      expect(shown).toContain(`${index + 1} ${index === active ? title : shortTitle}`);
    }
  }
});

test("tabs: 80 columns name every pane, with errors and warnings in most of them", () => {
  const alarms = [
    [4, 8],
    [3, 0],
    [8, 2],
    [1, 1],
    [0, 1],
    [1, 3],
    [0, 0],
  ];
  for (const active of TITLES.keys()) {
    const tabs = TITLES.map(([title, shortTitle], index) => {
      const [errors = 0, warnings = 0] = alarms[index] ?? [];
      return { title, shortTitle, count: "37", errors, warnings, isActive: index === active };
    });
    const element = <TabLine skin={skin} rect={bar(80)} tabs={tabs} scope="" filter="" position="1/37" />;
    const shown = frame(element, 80, 1)[0] ?? "";
    for (const [index, [, shortTitle]] of TITLES.entries()) expect(shown).toContain(`${index + 1} ${shortTitle}`);
    for (const each of ["✖4", "✖3", "✖8", "✖1"]) expect(shown).toContain(each);
  }
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
