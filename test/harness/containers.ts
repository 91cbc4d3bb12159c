/** Plain containers with a UTS namespace of their own (unshare(1), root only), and the state engines would keep of them. */
import { mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { type EnginePlaces, enginePlaces } from "#core/pmdaroot/engines/places.ts";
import { TemporaryDirectory } from "./directory.ts";

/** Whether this user may make namespaces and enter them: root, unless of a container that keeps it from him. */
export const hasNamespaces = process.geteuid?.() === 0 && Bun.spawnSync(["unshare", "--uts", "true"]).exitCode === 0;

/** A process in a UTS namespace of its own. */
export class PlainContainer implements AsyncDisposable {
  readonly #child: Bun.Subprocess<"ignore", "pipe", "inherit">;

  private constructor(child: Bun.Subprocess<"ignore", "pipe", "inherit">) {
    this.#child = child;
  }

  static async start(hostName: string): Promise<PlainContainer> {
    const script = 'hostname "$0" && echo ready && exec sleep 1000';
    const child = Bun.spawn(["unshare", "--uts", "sh", "-c", script, hostName], {
      stdin: "ignore",
      stdout: "pipe",
      stderr: "inherit",
    });
    const { value } = await child.stdout.getReader().read();
    if (new TextDecoder().decode(value) !== "ready\n") throw new Error(`no container called ${hostName}`);
    return new PlainContainer(child);
  }

  get pid(): number {
    return this.#child.pid;
  }

  async end(): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#child.exited;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.end();
  }
}

export const hexId = (seed: string): string => new Bun.CryptoHasher("sha256").update(seed).digest("hex");

/** Directories of all engines below one: nothing of the machine's own engines is seen. */
export function placesBelow(path: string): EnginePlaces {
  return {
    ...enginePlaces({ PCP_LXC_INFO: join(path, "lxc-info") }, () => join(path, "home")),
    dockerDirectory: join(path, "docker"),
    podmanDataDirectory: join(path, "podman/data"),
    podmanRunDirectory: join(path, "podman/run"),
    lxcDirectory: join(path, "lxc"),
    containerdDirectory: join(path, "containerd"),
    runcDirectories: [join(path, "runc")],
    crunDirectories: [join(path, "crun")],
    machinesDirectory: join(path, "machines"),
    usersDirectory: join(path, "users"),
  };
}

/** Directories of all engines below one, and what stands in them. */
export class EngineState implements Disposable {
  readonly directory = new TemporaryDirectory();
  readonly places: EnginePlaces;
  readonly #podman: { id: string; names?: readonly string[] }[] = [];

  constructor() {
    this.places = placesBelow(this.directory.path);
  }

  /** The variables that point a server of another process here. */
  get variables(): Record<string, string> {
    const { dockerDirectory, podmanDataDirectory, podmanRunDirectory, lxcDirectory, lxcInfo } = this.places;
    return {
      PCP_DOCKER_DIR: dockerDirectory,
      PCP_PODMAN_DATADIR: podmanDataDirectory,
      PCP_PODMAN_RUNDIR: podmanRunDirectory,
      PCP_LXC_DIR: lxcDirectory,
      PCP_LXC_INFO: lxcInfo.join(" "),
    };
  }

  docker(id: string, name: string, pid: number, state: object = { Running: pid > 0 }): string {
    const text = JSON.stringify({ State: { Pid: pid, ...state }, ID: id, Name: `/${name}` });
    return this.put(`docker/containers/${id}/config.v2.json`, text);
  }

  podman(id: string, name: string, pid: number | null): void {
    this.#podman.push({ id, names: [name] });
    if (pid !== null) this.put(`podman/run/${id}/userdata/pidfile`, String(pid));
    this.put("podman/data/containers.json", JSON.stringify(this.#podman));
  }

  /** lxc-info as a script that knows these pids. */
  lxc(name: string, pid: number | null): void {
    mkdirSync(this.directory.file(`lxc/${name}`), { recursive: true });
    if (pid !== null) this.put(`lxcpid/${name}`, String(pid));
    const script = `#!/bin/sh
p=$(cat ${this.directory.file("lxcpid")}/$2 2>/dev/null)
[ -n "$p" ] && printf 'State: RUNNING\\nPID: %s\\n' $p || echo 'State: STOPPED'
`;
    writeFileSync(this.directory.file("lxc-info"), script, { mode: 0o755 });
  }

  /** Written under another name first, as engines do. */
  put(name: string, text: string): string {
    const path = this.directory.file(name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(`${path}.new`, text);
    renameSync(`${path}.new`, path);
    return path;
  }

  remove(name: string): void {
    rmSync(this.directory.file(name), { recursive: true });
  }

  [Symbol.dispose](): void {
    this.directory[Symbol.dispose]();
  }
}
