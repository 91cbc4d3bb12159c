import { expect, test } from "bun:test";
import { colorLevel, isAsciiOnly } from "#app/cli/color.ts";
import { makeEnvironment } from "#app/cli/environment.ts";
import { placesOf } from "#app/cli/places.ts";
import { requestId } from "#app/cli/request-id.ts";

const color = { TERM: "xterm-256color" };

test.each([
  [null, color, true, 2],
  [null, color, false, 0],
  [null, { TERM: "xterm", COLORTERM: "truecolor" }, true, 3],
  [null, { TERM: "xterm" }, true, 1],
  [null, { TERM: "dumb" }, true, 0],
  [null, {}, true, 0],
  [null, { ...color, NO_COLOR: "1" }, true, 0],
  [null, { ...color, NO_COLOR: "" }, true, 2],
  [null, { ...color, FORCE_COLOR: "1" }, false, 2],
  [null, { FORCE_COLOR: "" }, false, 1],
  [null, { ...color, FORCE_COLOR: "0" }, true, 0],
  [null, { ...color, FORCE_COLOR: "3" }, false, 3],
  [null, { ...color, NO_COLOR: "1", FORCE_COLOR: "3" }, true, 0],
  [null, { ...color, MUSTER_COLOR: "always", NO_COLOR: "1" }, false, 2],
  [null, { ...color, MUSTER_COLOR: "never", FORCE_COLOR: "3" }, true, 0],
  [null, { ...color, MUSTER_COLOR: "auto", NO_COLOR: "1" }, true, 0],
  ["16", { ...color, MUSTER_COLOR: "never" }, false, 1],
  ["never", { ...color, MUSTER_COLOR: "always" }, true, 0],
  ["always", { TERM: "dumb" }, false, 1],
  ["truecolor", { TERM: "xterm", NO_COLOR: "1" }, false, 3],
  ["256", {}, false, 2],
] as const)("--color %s, %j, terminal %j: level %d", (option, variables, isTerminal, level) => {
  expect(colorLevel(option, variables, isTerminal)).toBe(level);
});

test.each([
  [false, { LANG: "de_DE.UTF-8" }, false],
  [false, { LANG: "C.utf8" }, false],
  [false, { LANG: "de_DE.UTF-8", LC_ALL: "C" }, true],
  [false, {}, true],
  [false, { LANG: "C.UTF-8", TERM: "linux" }, true],
  [true, { LANG: "C.UTF-8" }, true],
] as const)("--ascii %j, %j: %j", (option, variables, isAscii) => {
  expect(isAsciiOnly(option, variables)).toBe(isAscii);
});

test.each([
  [0, "", {}, "/run/muster /var/lib/muster /etc/muster/muster.toml"],
  [
    1000,
    "",
    { HOME: "/home/u", XDG_RUNTIME_DIR: "/run/user/1000" },
    "/run/user/1000/muster /home/u/.local/state/muster /home/u/.config/muster/muster.toml",
  ],
  [
    1000,
    "",
    { HOME: "/home/u", XDG_STATE_HOME: "/s", XDG_CONFIG_HOME: "relative" },
    "/tmp/muster-1000/muster /s/muster /home/u/.config/muster/muster.toml",
  ],
  [1000, "/tree", { HOME: "/home/u" }, "/tree/run/muster /tree/var/lib/muster /tree/etc/muster/muster.toml"],
  [0, "/tree", { MUSTER_RUNTIME_DIR: "/r", MUSTER_STATE_DIR: "/s", MUSTER_CONFIG: "/c.toml" }, "/r /s /c.toml"],
])("uid %d, root %j, %j", (uid, root, variables, expected) => {
  const places = placesOf({ uid, root, variables: variables as Record<string, string>, configFile: null });
  expect(`${places.runtimeDirectory} ${places.stateDirectory} ${places.configFile}`).toBe(expected);
});

test("--config stands before MUSTER_CONFIG; the name of the node holds no slash", () => {
  const environment = makeEnvironment({ uid: 0, root: "", variables: { MUSTER_CONFIG: "/a" }, configFile: "/b" });
  expect(environment).toMatchObject({ configFile: "/b", procRoot: "/proc", root: "" });
  expect(environment.node).toMatch(/^[^/]+$/);
});

test("ids of requests sort by time and are 26 digits", () => {
  const fill = (value: number) => (bytes: Uint8Array) => void bytes.fill(value);
  const early = requestId(1_700_000_000_000, fill(255));
  const late = requestId(1_700_000_000_001, fill(0));
  expect(early < late).toBe(true);
  expect(early).toMatch(/^[0-9A-HJKMNP-TV-Z]{26}$/);
  expect(requestId(0, fill(0))).toBe("0".repeat(26));
});
