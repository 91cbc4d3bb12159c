/** The completion scripts in the shells they are for. */
import { expect, test } from "bun:test";
import { COMMANDS } from "#app/cli/commands.ts";
import { SHELLS } from "#app/cli/completions/table.ts";
import { completionScript } from "#app/cli/completions.ts";
import { FILE_THERE, inBash, inFish, inZsh } from "#test/harness/completing.ts";
import { peerTest } from "#test/harness/peers.ts";

const CASES: readonly (readonly [line: string, ...offered: string[]])[] = [
  // Commands.
  ["muster sna", "snapshot"],
  ["muster daemons st", "start", "stop"],
  ["muster members st", "state"],
  ["muster --config /x daemons rel", "reload"],
  ["muster --color=never daemons rel", "reload"],
  ["muster --json=label daemons rel", "reload"],
  ["muster help dae", "daemons"],
  // What there is.
  ["muster daemons stop ", "db", "web"],
  ["muster daemons stop db w", "web"],
  ["muster categories get ", "mail"],
  ["muster members run ", "mail"],
  ["muster schema str", "stream"],
  ["muster completions ", "bash", "fish", "zsh"],
  // Options.
  ["muster daemons stop --forc", "--force"],
  ["muster --versi", "--version"],
  ["muster events --follo", "--follow"],
  // Their values.
  ["muster --color nev", "never"],
  ["muster --color=nev", "never"],
  ["muster serve --print-unit ", "openrc", "systemd"],
  ["muster serve --print-unit=sys", "systemd"],
  // Files.
  ["muster play nig", FILE_THERE],
  ["muster --config nig", FILE_THERE],
  // Nothing that could stand there is known.
  ["muster daemons stop --timeout "],
  ["muster daemons run --pid-file /x -- we"],
];

for (const [name, shell, complete] of [
  ["bash", "bash", inBash],
  ["fish", "fish", inFish],
  ["zsh, sourced", "zsh", inZsh("sourced")],
  ["zsh, found in fpath", "zsh", inZsh("found")],
] as const) {
  peerTest(shell, shell)(`${name} takes its script and completes with it`, async () => {
    const offered = await complete(CASES.map(([line]) => line));
    expect(CASES.map(([line], index) => [line, ...(offered[index] ?? ["nothing came"])])).toEqual(
      CASES.map((each) => [...each]),
    );
  });
}

test.each(SHELLS.map((shell) => [shell]))("completions of %s name every command and option", (shell) => {
  const script = completionScript(shell);
  for (const { name, options, isRaw } of COMMANDS) {
    for (const word of name.split(" ")) expect(script).toContain(word);
    if (!isRaw) for (const option of options) expect(script).toContain(option.name);
  }
});
