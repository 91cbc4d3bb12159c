/** `doctor`: what the host offers, whether muster's places can be used, what is wrong in the configuration. */
import { toMusterError } from "#core/model/error.ts";
import { plainDocument } from "#core/output/document.ts";
import type { Service } from "#core/service/service.ts";
import type { Call } from "../context.ts";
import {
  type Check,
  configurationChecks,
  directoryChecks,
  jobChecks,
  kernelChecks,
  pmdaRootChecks,
} from "../doctor-checks.ts";
import { writeTable } from "../listing.ts";
import { type ServiceState, serviceState } from "../service-state.ts";
import { openSession, origin, refuseProblems, type Session, withService, writeDocument } from "../session.ts";
import { MUSTER_VERSION } from "../version.ts";

export async function doctor(call: Call): Promise<number> {
  const session = await openSession(call);
  const { probe } = await import("#ffi/probe.ts");
  const service = serviceState(session.environment);
  const host = probe(session.environment.procRoot);
  const checks = [
    ...kernelChecks(host),
    ...jobChecks(session, host),
    ...directoryChecks(session),
    ...(await pmdaRootChecks(session)),
    ...configurationChecks(session),
    serviceCheck(service),
    ...(service.running ? await troubleChecks(session) : []),
  ];
  const failed = checks.filter((check) => check.needed && !check.ok);
  if (call.isJson) {
    const facts = { version: MUSTER_VERSION, ok: failed.length === 0, service, checks };
    await writeDocument(call, plainDocument("Doctor", origin(session), facts));
  } else {
    await writeTable(call, checks, COLUMNS);
  }
  refuseProblems(session);

  // The honest "no" (1): nothing failed in the asking.
  return failed.length === 0 ? 0 : 1;
}

/** That none runs is no lack: what needs one starts it. */
function serviceCheck({ running, pid, socket, detail }: ServiceState): Check {
  const told = running ? `process ${pid ?? "?"}, ${socket}` : running === null ? detail : "does not run";
  return { group: "service", name: "service", needed: false, ok: running !== null, detail: told };
}

/** What the service that runs has to say of its jobs and modules, such as what counts only from its next start on. */
async function troubleChecks(session: Session): Promise<Check[]> {
  const told = (name: string, detail: string): Check => ({ group: "service", name, needed: false, ok: false, detail });
  const ask = async (service: Service) => {
    const { jobs, modules } = service.snapshot().shelves;
    const failed = [...modules.items.values()].filter(({ state }) => state === "failed");
    return [
      ...jobs.warnings.map(({ message }) => told("jobs", message)),
      ...failed.map(({ name, problems }) => told(`module ${name}`, problems[0]?.message ?? "failed")),
    ];
  };
  try {
    return await withService(session, "once", ask, { kinds: ["jobs", "modules"] });
  } catch (thrown) {
    return [told("service", toMusterError(thrown).message)];
  }
}

const COLUMNS = [
  {
    title: "STATE",
    text: (check: Check) => (check.ok ? "ok" : check.needed ? "failed" : "missing"),
    tone: (check: Check) => (check.ok ? "ok" : check.needed ? "error" : "warn") as "ok" | "error" | "warn",
  },
  { title: "CHECK", text: (check: Check) => check.name },
  { title: "DETAIL", text: (check: Check) => check.detail ?? "-" },
];
