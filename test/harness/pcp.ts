/**
 * PCP as it is installed (Debian: pcp, libpcp-pmda3): its pmdaroot without a pmcd, its client library, and a pmcd of a test's
 * own. Nothing of the machine's own pmcd is touched: directories, port and sockets are below the test's directory.
 */
import { dlopen, FFIType, ptr } from "bun:ffi";
import { cpSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { EngineState } from "./containers.ts";

export const PMCD = "/usr/lib/pcp/bin/pmcd";
const PMDAROOT = "/var/lib/pcp/pmdas/root/pmdaroot";

type Piped = Bun.Subprocess<"pipe", "pipe", "inherit">;

/** pmdaroot(1): a test plays pmcd's part of the greeting on its standard input and output. */
export class RealPmdaroot implements AsyncDisposable {
  readonly path: string;
  readonly #child: Piped;

  private constructor(path: string, child: Piped) {
    this.path = path;
    this.#child = child;
  }

  static async start(state: EngineState, variables: Readonly<Record<string, string>> = {}): Promise<RealPmdaroot> {
    const path = state.directory.file("real.socket");
    const env = { PATH: process.env.PATH ?? "", ...state.variables, ...variables };
    const child = Bun.spawn([PMDAROOT, "-s", path, "-l", state.directory.file("real.log")], {
      stdin: "pipe",
      stdout: "pipe",
      stderr: "inherit",
      env,
    });
    // CREDS: length, type, from, one of version 2.
    const { value } = await child.stdout.getReader().read();
    if (value === undefined) throw new Error("pmdaroot went away");
    const credentials = Buffer.alloc(20);
    for (const [index, word] of [20, 0x700c, process.pid, 1, 0x01020000].entries()) {
      credentials.writeUInt32BE(word, index * 4);
    }
    child.stdin.write(credentials);
    await child.stdin.flush();
    return new RealPmdaroot(path, child);
  }

  get pid(): number {
    return this.#child.pid;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.stdin.end();
    this.#child.kill("SIGKILL");
    await this.#child.exited;
  }
}

const LIBRARY = "libpcp_pmda.so.3";

/** The functions of pmdaRootConnect(3) in libpcp_pmda. Each blocks: the server must be another process. */
export function openLibrary() {
  const { symbols } = dlopen(LIBRARY, {
    pmdaRootConnect: { args: ["ptr"], returns: "i32" },
    pmdaRootShutdown: { args: ["i32"], returns: "void" },
    pmdaRootContainerHostName: { args: ["i32", "ptr", "i32", "ptr", "i32"], returns: "i32" },
    pmdaRootContainerProcessID: { args: ["i32", "ptr", "i32"], returns: "i32" },
    pmdaRootContainerCGroupName: { args: ["i32", "ptr", "i32", "ptr", "i32"], returns: "i32" },
    pmdaRootProcessStart: {
      args: ["i32", "i32", "ptr", "i32", "ptr", "i32", "ptr", "ptr", "ptr"],
      returns: "i32",
    },
    pmdaRootProcessWait: { args: ["i32", "i32", "ptr"], returns: "i32" },
    pmdaRootProcessTerminate: { args: ["i32", "i32"], returns: "i32" },
  });
  const libc = dlopen("libc.so.6", { close: { args: [FFIType.i32], returns: FFIType.i32 } }).symbols;
  const text = (value: string) => Buffer.from(`${value}\0`);
  const length = (value: string) => Buffer.byteLength(value);
  return {
    connect: (path: string) => symbols.pmdaRootConnect(ptr(text(path))),
    disconnect(fd: number) {
      symbols.pmdaRootShutdown(fd);
      libc.close(fd);
    },
    hostName(fd: number, name: string, room = 4096): string | number {
      const buffer = Buffer.alloc(room);
      const status = symbols.pmdaRootContainerHostName(fd, ptr(text(name)), length(name), ptr(buffer), room);
      return status < 0 ? status : buffer.toString("utf8", 0, status);
    },
    processId: (fd: number, name: string) => symbols.pmdaRootContainerProcessID(fd, ptr(text(name)), length(name)),
    cgroupName(fd: number, name: string): string | number {
      const buffer = Buffer.alloc(4096);
      const status = symbols.pmdaRootContainerCGroupName(fd, ptr(text(name)), length(name), ptr(buffer), 4096);
      return status < 0 ? status : buffer.toString("utf8", 0, status);
    },
    start(fd: number, ipcType: number, label: string, commandLine: string) {
      const out = [new Int32Array(1), new Int32Array(1), new Int32Array(1)] as const;
      const [pid, infd, outfd] = out;
      const status = symbols.pmdaRootProcessStart(
        fd,
        ipcType,
        ptr(text(label)),
        length(label),
        ptr(text(commandLine)),
        length(commandLine),
        ptr(pid),
        ptr(infd),
        ptr(outfd),
      );
      return { status, pid: pid[0] ?? -1, infd: infd[0] ?? -1, outfd: outfd[0] ?? -1 };
    },
    wait(fd: number, pid: number) {
      const code = new Int32Array(1);
      const result = symbols.pmdaRootProcessWait(fd, pid, ptr(code));
      return { result, code: code[0] ?? 0 };
    },
    terminate: (fd: number, pid: number) => symbols.pmdaRootProcessTerminate(fd, pid),
    close: (fd: number) => libc.close(fd),
  };
}

/** pmcd(1) with pmdaproc and pmdalinux, who look for pmdaroot's socket where PCP_VAR_DIR says. */
export class RealPmcd implements AsyncDisposable {
  readonly #child: Bun.Subprocess;
  readonly #env: Readonly<Record<string, string>>;

  private constructor(child: Bun.Subprocess, env: Readonly<Record<string, string>>) {
    this.#child = child;
    this.#env = env;
  }

  /** Where it looks for a server: that one has to listen before it starts. */
  static home(state: EngineState) {
    const home = state.directory.file("pcp");
    for (const name of ["var/pmcd", "run", "pmcd"]) mkdirSync(join(home, name), { recursive: true });
    for (const name of ["pmdas", "config"]) symlinkSync(`/var/lib/pcp/${name}`, join(home, "var", name));
    // The names of the metrics are joined by PCP's start script otherwise.
    cpSync("/var/lib/pcp/pmns", join(home, "var/pmns"), { recursive: true });
    const env = { PATH: process.env.PATH ?? "", PCP_VAR_DIR: join(home, "var") };
    const rebuilt = Bun.spawnSync(["./Rebuild", "-u"], { cwd: join(home, "var/pmns"), env });
    if (rebuilt.exitCode !== 0) throw new Error(`${rebuilt.stdout}${rebuilt.stderr}`);
    // What it starts through the server has the server's environment.
    return { home, variables: { PCP_VAR_DIR: join(home, "var"), PCP_LOG_DIR: home } };
  }

  static async start(home: string): Promise<RealPmcd> {
    const free = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data: () => {} } });
    const port = free.port;
    free.stop(true);
    const env = {
      PATH: process.env.PATH ?? "",
      PCP_VAR_DIR: join(home, "var"),
      PCP_RUN_DIR: join(home, "run"),
      PCP_LOG_DIR: home,
      PMCD_PORT: String(port),
      PMCD_SOCKET: join(home, "pmcd.socket"),
      PMCD_LOCAL: "1",
      PMCD_ROOT_AGENT: "1",
    };
    const configuration = join(home, "pmcd.conf");
    writeFileSync(
      configuration,
      `pmcd	2	dso	pmcd_init	/var/lib/pcp/pmdas/pmcd/pmda_pmcd.so
proc	3	pipe	binary		/var/lib/pcp/pmdas/proc/pmdaproc -d 3
linux	60	pipe	binary		/var/lib/pcp/pmdas/linux/pmdalinux

[access]
allow "local:*" : all;
allow "localhost" : all;
`,
    );
    const child = Bun.spawn([PMCD, "-f", "-A", "-c", configuration, "-l", join(home, "pmcd.log")], {
      stdio: ["ignore", "ignore", "ignore"],
      cwd: home,
      env,
    });
    const pmcd = new RealPmcd(child, env);
    // pmcd tells nobody that it listens; its own tool waits for it.
    const waiting = Bun.spawn(["/usr/lib/pcp/bin/pmcd_wait", "-h", "localhost", "-t", "20"], {
      env,
      stdio: ["ignore", "ignore", "ignore"],
    });
    if ((await waiting.exited) !== 0) throw new Error("pmcd does not answer");
    return pmcd;
  }

  async info(...words: readonly string[]): Promise<string> {
    const child = Bun.spawn(["pminfo", "-h", "localhost", ...words], {
      env: this.#env,
      stdout: "pipe",
      stderr: "pipe",
    });
    return (await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()])).join("");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill("SIGTERM");
    await this.#child.exited;
  }
}
