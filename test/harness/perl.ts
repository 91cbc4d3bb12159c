/** A process that is no more than a process: it lives until it is told how to end, or its other end is gone. */

export class Perl implements AsyncDisposable {
  readonly #child: Bun.Subprocess<"pipe", "pipe", "inherit">;
  readonly pid: number;
  /** Lines that were said before it was ready. */
  readonly #said: string[] = [];
  #rest = "";

  private constructor(child: Bun.Subprocess<"pipe", "pipe", "inherit">, pid: number) {
    this.#child = child;
    this.pid = pid;
  }

  /** `script` runs first, to its end; `argv` is what it sees as its arguments. */
  static async run(
    script: string,
    argv: readonly string[] = [],
    ids: { uid?: number; gid?: number } = {},
  ): Promise<Perl> {
    const code = `$| = 1; ${script}; print "ready\\n"; while (my $line = <STDIN>) { eval $line; print "ok\\n" }`;
    const child = Bun.spawn(["perl", "-MPOSIX", "-e", code, "--", ...argv], {
      env: { PATH: "/usr/bin:/bin" },
      stdin: "pipe",
      stdout: "pipe",
      stderr: "inherit",
      ...ids,
    });
    const perl = new Perl(child, child.pid);
    for (let line = await perl.#next(); line !== "ready"; line = await perl.#next()) perl.#said.push(line);
    return perl;
  }

  /** One line of its output. */
  async line(): Promise<string> {
    return this.#said.shift() ?? (await this.#next());
  }

  async #next(): Promise<string> {
    const reader = this.#child.stdout.getReader();
    try {
      for (let text = this.#rest; ; ) {
        const end = text.indexOf("\n");
        if (end >= 0) {
          this.#rest = text.slice(end + 1);
          return text.slice(0, end);
        }
        const { value, done } = await reader.read();
        if (done) throw new Error(`perl ended after "${text}"`);
        text += new TextDecoder().decode(value);
      }
    } finally {
      reader.releaseLock();
    }
  }

  /** Has it evaluate a line of Perl; no answer is waited for. */
  tell(line: string): void {
    this.#child.stdin.write(`${line}\n`);
    this.#child.stdin.flush();
  }

  async ended(): Promise<void> {
    await this.#child.exited;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#child.exited;
  }
}
