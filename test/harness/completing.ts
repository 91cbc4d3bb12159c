/** What a shell completes with our scripts: bash by its variables, fish by `complete -C`, zsh on a terminal. */
import { readFileSync, writeFileSync } from "node:fs";
import { completionScript } from "#app/cli/completions.ts";
import { TemporaryDirectory } from "./directory.ts";

/** A machine with two daemons and a category, and a directory with one file. */
export const FILE_THERE = "night.muster.ndjson";
const MUSTER = `echo '{"items":[{"label":"web"},{"label":"db"},{"name":"mail"}]}'`;

/** The words offered for each line, in the order of the alphabet. */
type Completing = (lines: readonly string[]) => Promise<readonly (readonly string[])[]>;

const inOrder = (text: string) =>
  text
    .split(/\s+/)
    .filter((word) => word !== "")
    .sort();

async function outputOf(command: readonly string[], directory: TemporaryDirectory): Promise<string> {
  const child = Bun.spawn([...command], {
    cwd: directory.path,
    env: { PATH: process.env.PATH ?? "/usr/bin:/bin", HOME: directory.path, LANG: "C.UTF-8" },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  const [stdout, stderr] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()]);
  await child.exited;
  if (stderr !== "") throw new Error(stderr);
  return stdout;
}

function furnished(): TemporaryDirectory {
  const directory = new TemporaryDirectory();
  writeFileSync(directory.file(FILE_THERE), "");
  return directory;
}

/** The words as readline hands them over: an equals sign is one of them. */
export const inBash: Completing = async (lines) => {
  using directory = furnished();
  const asked = lines.map((line) => {
    const words = line.split(/ |(?<==)|(?==)/);
    return `COMP_WORDS=(${words.map((word) => `'${word}'`).join(" ")}); COMP_CWORD=${words.length - 1}; _muster; echo "\${COMPREPLY[*]}"`;
  });
  const script = [completionScript("bash"), `muster() { ${MUSTER}; }`, ...asked].join("\n");
  const output = await outputOf(["bash", "-c", script], directory);
  return output.split("\n").slice(0, -1).map(inOrder);
};

export const inFish: Completing = async (lines) => {
  using directory = furnished();
  const asked = lines.map((line) => `echo (complete -C '${line}' | string replace -r '\\t.*' '')`);
  writeFileSync(directory.file("muster.fish"), completionScript("fish"));
  const script = ["source muster.fish", `function muster; ${MUSTER}; end`, ...asked].join("\n");
  const output = await outputOf(["fish", "--no-config", "-c", script], directory);
  // It offers the word with its option before it.
  return output
    .split("\n")
    .slice(0, -1)
    .map((line) => inOrder(line.replace(/--[\w-]+=/g, "")));
};

/** Its completions need its line editor, and that a terminal. What would be offered is written to a file instead. */
const ZSHRC = `
autoload -Uz compinit
muster() { ${MUSTER} }
compadd() {
  if [[ \${@[1,(i)(-|--)]} == *-(O|A|D)\\ * ]]; then builtin compadd "$@"; return $?; fi
  local -a hits
  builtin compadd -A hits "$@"
  print -nr -- "$hits " >> offered
}
complete-line() { zle complete-word; print >> offered; zle kill-whole-line }
zle -N complete-line
PROMPT='<ready>'
`;

/** sourced: in .zshrc; found: as a file in fpath. */
export const inZsh =
  (way: "sourced" | "found"): Completing =>
  async (lines) => {
    using directory = furnished();
    writeFileSync(directory.file("_muster"), completionScript("zsh"));
    const sources = ["compinit -u -D", "source ./_muster"];
    const finds = [`fpath=(${directory.path} $fpath)`, "compinit -u -D"];
    const rc = [ZSHRC, ...(way === "sourced" ? sources : finds), "bindkey '^I' complete-line", ""];
    writeFileSync(directory.file(".zshrc"), rc.join("\n"));
    writeFileSync(directory.file("offered"), "");
    let output = "";
    let isAsked = false;
    const child = Bun.spawn(["zsh", "-i"], {
      cwd: directory.path,
      env: { PATH: process.env.PATH ?? "/usr/bin:/bin", ZDOTDIR: directory.path, LANG: "C.UTF-8", TERM: "xterm" },
      terminal: {
        cols: 200,
        rows: 50,
        data(terminal, bytes) {
          output += Buffer.from(bytes).toString("utf8");
          if (isAsked || !output.includes("<ready>")) return;
          isAsked = true;
          terminal.write(`${lines.map((line) => `${line}\t`).join("")}exit\r`);
        },
      },
    });
    try {
      await child.exited;
    } finally {
      child.kill("SIGKILL");
    }
    return readFileSync(directory.file("offered"), "utf8").split("\n").slice(0, -1).map(inOrder);
  };
