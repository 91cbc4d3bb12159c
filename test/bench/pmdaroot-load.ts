/**
 * The load on a server for pmdaRoot, by PCP's own client library, which blocks: a process of its own.
 * argv: SOCKET pid|host|cgroup|process MILLISECONDS, or a number of rounds for process; names on standard input, a line each,
 * asked for in turn. Writes what it measured as one line of JSON.
 */
import { openLibrary } from "#test/harness/pcp.ts";
import { spreadOf } from "./figures.ts";

export interface Load {
  readonly rate: number;
  readonly p50: number;
  readonly p99: number;
  readonly errors: number;
  /** Ends that were never told. */
  readonly lost: number;
}

async function main([path = "", what = "", amount = "0"]: readonly string[]): Promise<void> {
  const library = openLibrary();
  const names = (await Bun.stdin.text()).split("\n").filter((name) => name !== "");
  const fd = library.connect(path);
  if (fd < 0) throw new Error(`connect: ${fd}`);
  const questions: Readonly<Record<string, (name: string) => string | number>> = {
    pid: (name) => library.processId(fd, name),
    host: (name) => library.hostName(fd, name),
    cgroup: (name) => library.cgroupName(fd, name),
  };
  const ask = questions[what];
  const load = ask ? askFor(ask, names, Number(amount)) : startAndEnd(library, fd, Number(amount));
  process.stdout.write(`${JSON.stringify(load)}\n`);
  library.disconnect(fd);
}

function askFor(ask: (name: string) => string | number, names: readonly string[], milliseconds: number): Load {
  const samples: number[] = [];
  let errors = 0;
  const begun = performance.now();
  for (let now = begun; now < begun + milliseconds; ) {
    const answer = ask(names[samples.length % names.length] ?? "");
    if (typeof answer === "number" && answer < 0) errors++;
    const then = performance.now();
    samples.push(then - now);
    now = then;
  }
  return summary(samples, errors, 0);
}

function startAndEnd(library: ReturnType<typeof openLibrary>, fd: number, rounds: number): Load {
  const samples: number[] = [];
  let lost = 0;
  let errors = 0;
  for (let round = 0; round < rounds; round++) {
    const begun = performance.now();
    const { status, pid, infd, outfd } = library.start(fd, 2, "bench", "/bin/sleep 1000");
    if (status < 0) {
      errors++;
      continue;
    }
    library.close(infd);
    library.close(outfd);
    library.terminate(fd, pid);
    let end = library.wait(fd, -1);
    while (end.result === 0) end = library.wait(fd, -1);
    if (end.result !== pid) lost++;
    samples.push(performance.now() - begun);
  }
  return summary(samples, errors, lost);
}

function summary(samples: readonly number[], errors: number, lost: number): Load {
  const { p50, p99 } = spreadOf(samples);
  return { rate: (samples.length * 1000) / samples.reduce((sum, sample) => sum + sample, 0), p50, p99, errors, lost };
}

if (import.meta.main) {
  main(process.argv.slice(2)).catch((thrown) => {
    process.stderr.write(`${thrown}\n`);
    process.exit(1);
  });
}
