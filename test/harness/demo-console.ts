/** The console on made-up items, in this terminal: `NODE_ENV=production bun test/harness/demo-console.ts [--ascii] [--mono] [--read-only] [--many N] [--loading]`. */
import { runConsole } from "#app/console/run.ts";
import type { Category } from "#core/model/category.ts";
import type { Clock } from "#core/model/clock.ts";
import type { Daemon, DaemonState } from "#core/model/daemon.ts";
import type { Member } from "#core/model/member.ts";
import type { SourceEvent } from "#core/model/source.ts";
import { readProcesses } from "#core/service/processes.ts";
import { attachment, job, module } from "./aggregates.ts";
import { container, privileged } from "./container-items.ts";
import { category, daemon, event, member } from "./items.ts";
import { createScriptedService, type ScriptedService } from "./scripted-service.ts";

const realClock: Clock = {
  nowMs: () => performance.now(),
  wallMs: () => Date.now(),
  setTimer(delayMs, callback) {
    const timer = setTimeout(callback, delayMs);
    return () => clearTimeout(timer);
  },
};

const STATES: readonly DaemonState[] = ["up", "up", "up", "down", "failed", "stale", "unlocked", "unknown", "starting"];
const NAMES =
  "sshd cron rsyslogd chronyd slurmd munge nfsd postfix nginx postgres redis kubelet containerd dnsmasq".split(" ");

function made(index: number): Daemon {
  const state = STATES[index % STATES.length] ?? "up";
  const name = index < NAMES.length ? (NAMES[index] ?? "") : `worker-${String(index).padStart(5, "0")}`;
  const pid = state === "up" || state === "starting" || state === "unlocked" ? 800 + index * 13 : null;
  const isFound = index % 4 === 3;
  return daemon(name, {
    state,
    pid,
    managed: !isFound,
    name: isFound ? `/run/${name}.pid` : name,
    id: `n1/daemon/${isFound ? `/run/${name}.pid` : name}`,
    description: index % 3 === 0 ? "keeps the machine reachable for its operators" : null,
    usage:
      pid === null ? null : { cpuPercent: (index * 7) % 100, cpuSeconds: index * 60, memoryBytes: (index + 1) * 3e6 },
    problems:
      state === "failed"
        ? [{ code: "DOWN_UNEXPECTEDLY", message: "wanted up, but its process ended with exit 3" }]
        : state === "stale"
          ? [{ code: "STALE_PID_FILE", message: `pid file names 4711, which does not live` }]
          : [],
    exit: state === "failed" ? { at: new Date().toISOString(), status: 768, text: "exit 3" } : null,
    wanted: state === "failed" || state === "up" ? "up" : null,
  });
}

const ENDS = [undefined, undefined, undefined, 0, 3 << 8, 0x80 | 11, null, 15] as const;
const COMMANDS = ["nginx -g daemon off;", "postgres -D /var/lib/postgresql", "worker --queue mail", "ntpd -g -n"];

/** Members in the categories web, db, mail and one well-known one. */
function processSet(count: number): { categories: Category[]; members: Member[] } {
  const names = ["web", "db", "mail", "xntpd"];
  const now = Date.now();
  const members = Array.from({ length: count }, (_, index) => {
    const name = names[index % 7 < 3 ? 0 : index % names.length] ?? "web";
    const startedAt = new Date(now - (index + 1) * 377_000).toISOString();
    const argv = COMMANDS[index % COMMANDS.length] ?? "";
    const status = ENDS[index % ENDS.length];
    const made = member(name, 800 + index * 13, { argv, startedAt, registeredAt: startedAt }, status);
    return made.exit === null
      ? made
      : { ...made, exit: { ...made.exit, at: new Date(now - index * 9000).toISOString() } };
  });
  const known = ["automountd", "mountd", "named", "inetd", "syslogd", "nfsd"].map((name) =>
    category(name, { wellKnown: true }),
  );
  const used = names.map((name) => {
    const own = members.filter((each) => each.category === name);
    const exited = own.filter((each) => each.flags.exit);
    const failed = exited.filter((each) => each.exitCode !== 0).length;
    return category(name, {
      wellKnown: name === "xntpd",
      running: own.length - exited.length,
      exited: exited.length,
      failed,
    });
  });
  return { categories: [...known, ...used], members };
}

/** A job of the module's own, one that is frozen, one that only the tracker follows, one that ends; sessions. */
function aggregates(count: number): readonly SourceEvent[] {
  const createdAt = new Date(Date.now() - 5_400_000).toISOString();
  const processes = Array.from({ length: count }, (_, index) => {
    const parentPid = index === 0 ? 1 : 5000 + Math.floor((index - 1) / 3);
    return attachment(1, 5000 + index, { parentPid, comm: index % 3 === 0 ? "sh" : "solver", startedAt: createdAt });
  });
  const others = [
    attachment(2, 200, { comm: "backup", uid: 0 }),
    attachment(3, 300),
    attachment(4, 400, { state: "Z" }),
  ];
  const failure = { code: "MODULE_FAILED", message: "attach threw: cannot read the list of tenants" };
  return [
    {
      src: "modules",
      op: "reset",
      items: [
        module("job", { jobs: 4, attached: count + 3 }),
        module("sessions", { attached: 1, description: "who logged in where" }),
        module("tenants", { state: "failed", problems: [failure] }),
      ],
    },
    {
      src: "jobs",
      op: "reset",
      items: [
        job(1, { pid: 5000, processes: count, total: count + 12, command: "mpirun -np 64 solver", createdAt }),
        job(2, { uid: 0, user: "root", state: "frozen", command: "backup --all" }),
        job(3, { containment: "tracker", cgroup: null, total: null }),
        job(4, { state: "dying" }),
      ],
    },
    {
      src: "attachments",
      op: "reset",
      items: [...processes, ...others, attachment("sessions", 700, { data: "tty1" })],
    },
  ];
}

/** Of several engines, in every state; processes that run and that ended. */
function containers(): readonly SourceEvent[] {
  const inWeb = [800, 826, 5000].map((pid) => `${pid}:5000`);
  const problem = {
    code: "PROCESS_GONE",
    message: "docker says that it runs, but process 7300 is gone or another one",
  };
  return [
    {
      src: "containers",
      op: "reset",
      items: [
        container("web", { pid: 800, processes: inWeb.length, identities: inWeb, labels: { tier: "front" } }),
        container("build", { engine: "podman", uid: 1000, user: "alice", pid: 7100 }),
        container("batch", { engine: "lxc", image: null, pid: 7200, state: "paused" }),
        container("flap", { pid: null, state: "restarting" }),
        container("lost", { pid: null, problems: [problem] }),
        container("next", { engine: "podman", pid: null, state: "created" }),
      ],
    },
    {
      src: "processes",
      op: "reset",
      items: [
        privileged("collect", 826),
        privileged("collect", 700, {}, 3 << 8),
        privileged("pmdabind", 710, { via: "socket", waited: true }, 0x80 | 11),
        privileged("nightly", 720, {}, null),
      ],
    },
  ];
}

function follow(service: ScriptedService, answered: { count: number }): void {
  for (const invocation of service.invocations.slice(answered.count)) {
    answered.count++;
    const id = invocation.request.targets[0]?.id ?? "";
    invocation.progress("signal sent; waiting for the lock of the pid file");
    const item = service.snapshot().shelves.daemons.items.get(id);
    const timer = setTimeout(() => {
      if (item) {
        const pid = invocation.request.action === "daemon.stop" ? null : 4242;
        service.emit({
          src: "daemons",
          op: "upsert",
          item: {
            ...item,
            state: pid ? "up" : "down",
            pid,
            identity: pid ? `${pid}:77` : null,
            usage: null,
            lock: { held: pid !== null, by: pid },
          },
        });
      }
      invocation.finish({ message: "its lock is free after 6 s", undo: "daemon.start" });
    }, 6000);
    invocation.signal?.addEventListener("abort", () => {
      clearTimeout(timer);
      invocation.finish({ outcome: "unknown", message: "cancelled while waiting; the signal was sent" });
    });
  }
}

async function main(): Promise<void> {
  const has = (flag: string) => process.argv.includes(flag);
  const manyAt = process.argv.indexOf("--many");
  const count = manyAt > 0 ? Number(process.argv[manyAt + 1]) : 37;
  const service = createScriptedService(realClock, "n1.cluster");
  service.isReadOnly = has("--read-only");
  if (!has("--loading")) {
    setTimeout(() => {
      const { categories, members } = processSet(Math.min(count, 40) === count ? 22 : count);
      service.processes = (query) => readProcesses("/proc", realClock, query);
      service.emit(
        { src: "categories", op: "reset", items: categories },
        { src: "members", op: "reset", items: members },
        { src: "daemons", op: "reset", items: Array.from({ length: count }, (_, index) => made(index)) },
        ...aggregates(count),
        ...containers(),
        {
          src: "events",
          op: "reset",
          items: Array.from({ length: 60 }, (_, index) =>
            event(index, {
              target: `n1/daemon/${NAMES[index % NAMES.length]}`,
              severity: index % 7 === 0 ? "error" : index % 5 === 0 ? "warn" : "info",
              message:
                index % 7 === 0 ? "wanted up, but its process ended with exit 3" : "holds its lock and wrote its pid",
            }),
          ),
        },
      );
    }, 50);
  }
  const answered = { count: 0 };
  setInterval(() => follow(service, answered), 50).unref();
  const code = await runConsole({
    service,
    clock: realClock,
    theme: { colorLevel: has("--mono") ? 0 : 2, isAscii: has("--ascii"), isMotionless: false },
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
    version: "0.1.0",
  });
  process.exit(code);
}

main().catch((error: unknown) => {
  process.stderr.write(`${String(error)}\n`);
  process.exit(70);
});
