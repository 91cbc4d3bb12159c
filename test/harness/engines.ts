/** Containers of real engines, without an image from anywhere: a root file system of busybox, everything below one directory. */
import { chmodSync, copyFileSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type EnginePlaces, enginePlaces } from "#core/pmdaroot/engines/places.ts";
import { TemporaryDirectory } from "./directory.ts";

const BUSYBOX = "/bin/busybox";

function run(...command: readonly string[]): string {
  const { exitCode, stdout, stderr } = Bun.spawnSync([...command], { stdin: "ignore" });
  if (exitCode !== 0) throw new Error(`${command.join(" ")}: ${stdout}${stderr}`);
  return stdout.toString().trim();
}

abstract class RealEngine implements Disposable {
  readonly directory = new TemporaryDirectory();
  readonly #names: string[] = [];

  abstract readonly name: string;
  /** Starts a container that sleeps. */
  protected abstract up(name: string, hostName: string): void;
  protected abstract down(name: string): void;
  /** As the engine itself says. */
  abstract pidOf(name: string): number;
  abstract readonly places: EnginePlaces;

  start(name: string, hostName: string): void {
    this.#names.push(name);
    this.up(name, hostName);
  }

  remove(name: string): void {
    this.#names.splice(this.#names.indexOf(name), 1);
    this.down(name);
  }

  protected rootFileSystem(): string {
    const root = this.directory.file("rootfs");
    for (const name of ["bin", "usr", "proc", "sys", "dev", "tmp", "etc", "run", "root"]) {
      mkdirSync(join(root, name), { recursive: true });
    }
    copyFileSync(BUSYBOX, join(root, "bin/busybox"));
    chmodSync(join(root, "bin/busybox"), 0o755);
    for (const name of ["sh", "sleep"]) symlinkSync("busybox", join(root, `bin/${name}`));
    for (const name of ["resolv.conf", "hosts"]) writeFileSync(join(root, `etc/${name}`), "");
    return root;
  }

  /** Nowhere but below this directory. */
  protected elsewhere(): EnginePlaces {
    const none = this.directory.file("none");
    return {
      ...enginePlaces(
        { PCP_DOCKER_DIR: none, PCP_PODMAN_DATADIR: none, PCP_PODMAN_RUNDIR: none, PCP_LXC_DIR: none },
        () => null,
      ),
      containerdDirectory: none,
      runcDirectories: [],
      crunDirectories: [],
      machinesDirectory: none,
      usersDirectory: none,
    };
  }

  [Symbol.dispose](): void {
    for (const name of [...this.#names]) this.remove(name);
    this.directory[Symbol.dispose]();
  }
}

/** With low limits asked for: a machine without CAP_SYS_RESOURCE cannot raise them. */
export class Podman extends RealEngine {
  readonly name = "podman";
  readonly #command: readonly string[];
  readonly places: EnginePlaces;

  constructor() {
    super();
    const file = (name: string) => this.directory.file(name);
    this.#command = [
      ...["podman", "--root", file("root"), "--runroot", file("runroot"), "--tmpdir", file("tmp")],
      ...[
        "--storage-driver",
        "vfs",
        "--runtime",
        Bun.which("runc", { PATH: "/usr/sbin:/usr/bin:/sbin:/bin" }) ?? "crun",
      ],
      ...["--cgroup-manager", "cgroupfs", "--events-backend", "file"],
    ];
    const archive = file("image.tar");
    run("tar", "-C", this.rootFileSystem(), "-cf", archive, ".");
    this.#podman("import", "-q", archive, "localhost/sleeper");
    this.places = {
      ...this.elsewhere(),
      podmanDataDirectory: file("root/vfs-containers"),
      podmanRunDirectory: file("runroot/vfs-containers"),
    };
  }

  #podman(...words: readonly string[]): string {
    return run(...this.#command, ...words);
  }

  protected up(name: string, hostName: string): void {
    const limits = ["--ulimit", "nofile=1024:1024", "--ulimit", "nproc=1024:1024"];
    this.#podman(
      "run",
      "-d",
      ...limits,
      "--network",
      "none",
      "--name",
      name,
      "--hostname",
      hostName,
      "localhost/sleeper",
      "/bin/sleep",
      "1000",
    );
  }

  stop(name: string): void {
    this.#podman("stop", "-t", "0", name);
  }

  again(name: string): void {
    this.#podman("start", name);
  }

  protected down(name: string): void {
    this.#podman("rm", "-f", "-t", "0", name);
  }

  pidOf(name: string): number {
    return Number(this.#podman("inspect", "-f", "{{.State.Pid}}", name));
  }

  idOf(name: string): string {
    return this.#podman("inspect", "-f", "{{.Id}}", name);
  }
}

export class Lxc extends RealEngine {
  readonly name = "lxc";
  readonly #root = this.rootFileSystem();
  readonly places: EnginePlaces = {
    ...this.elsewhere(),
    lxcDirectory: this.directory.file("lxc"),
    lxcInfo: ["lxc-info", "-P", this.directory.file("lxc")],
  };

  protected up(name: string, hostName: string): void {
    const directory = this.directory.file(`lxc/${name}`);
    mkdirSync(directory, { recursive: true });
    const configuration = [
      ...[`uts.name = ${hostName}`, `rootfs.path = dir:${this.#root}`, "net.0.type = empty"],
      ...["init.cmd = /bin/sleep 1000", "apparmor.profile = unconfined", "mount.auto = proc:mixed sys:mixed"],
      ...["autodev = 0", "console.path = none", "pty.max = 0", "tty.max = 0"],
    ];
    writeFileSync(join(directory, "config"), configuration.map((line) => `lxc.${line}\n`).join(""));
    run("lxc-start", "-P", this.directory.file("lxc"), "-n", name, "-d");
  }

  protected down(name: string): void {
    run("lxc-stop", "-P", this.directory.file("lxc"), "-k", "-n", name);
  }

  pidOf(name: string): number {
    return Number(run("lxc-info", "-P", this.directory.file("lxc"), "-n", name, "-p", "-H"));
  }
}

export class Runc extends RealEngine {
  readonly name = "runc";
  readonly #root = this.rootFileSystem();
  readonly places: EnginePlaces = { ...this.elsewhere(), runcDirectories: [this.directory.file("state")] };

  protected up(name: string, hostName: string): void {
    const bundle = this.directory.file(`bundle/${name}`);
    mkdirSync(bundle, { recursive: true });
    run("runc", "spec", "-b", bundle);
    const file = join(bundle, "config.json");
    const specification = JSON.parse(readFileSync(file, "utf8"));
    specification.process.terminal = false;
    specification.process.args = ["/bin/sleep", "1000"];
    specification.process.rlimits = [];
    specification.root = { path: this.#root, readonly: true };
    specification.hostname = hostName;
    specification.linux.cgroupsPath = `/muster-test-${name}`;
    writeFileSync(file, JSON.stringify(specification));
    // The container keeps what it is given: pipes would never end.
    const command = ["runc", "--root", this.directory.file("state"), "run", "-d", "-b", bundle];
    const { exitCode } = Bun.spawnSync([...command, "--pid-file", join(bundle, "pid"), name], {
      stdio: ["ignore", "ignore", "ignore"],
    });
    if (exitCode !== 0) throw new Error(`runc run ended with ${exitCode}`);
  }

  protected down(name: string): void {
    run("runc", "--root", this.directory.file("state"), "delete", "-f", name);
  }

  pidOf(name: string): number {
    return Number(readFileSync(this.directory.file(`bundle/${name}/pid`), "utf8"));
  }
}
