/**
 * `containers hostname`, `pid`, `cgroup`: one fact of each container that is named, as it is at this moment. The engines' own
 * files and the kernel tell; with --socket another server does. Whoever is not root is told so of his own containers, and of
 * all others by the server that PCP asks.
 */
import { errorRecord, MusterError, toMusterError } from "#core/model/error.ts";
import { containerCgroup } from "#core/pmdaroot/cgroup-path.ts";
import type { RootClient } from "#core/pmdaroot/client.ts";
import { type ContainerRecord, displayName } from "#core/pmdaroot/container.ts";
import type { ContainerIndex } from "#core/pmdaroot/container-index.ts";
import { enginePlaces } from "#core/pmdaroot/engines/places.ts";
import { PmdaRootError } from "#core/pmdaroot/error.ts";
import type { FirstProcess } from "#core/pmdaroot/first-process.ts";
import { openEngines } from "#core/pmdaroot/open-root.ts";
import { defaultSocketPath } from "#core/pmdaroot/socket-path.ts";
import { STATUS } from "#core/pmdaroot/status.ts";
import { containerId } from "#core/service/pmdaroot-id.ts";
import { lookupUser } from "#ffi/accounts.ts";
import { SysError } from "#ffi/sys-error.ts";
import { openFileLimit } from "#ffi/sysconf.ts";
import { type Call, fail, type Handler, tell, writeText } from "../context.ts";
import { writeList } from "../listing.ts";
import { configWarnings, openSoundSession, type Session, tellWarnings } from "../session.ts";
import { partial } from "../targets.ts";
import { connectTo, socketOf } from "./other-server.ts";

type Question = "hostName" | "pid" | "cgroup";
type Value = string | number;

export const tellHostNames: Handler = (call) => tellAll(call, "hostName");
export const tellProcessIds: Handler = (call) => tellAll(call, "pid");
export const tellCgroups: Handler = (call) => tellAll(call, "cgroup");

interface Told {
  readonly name: string;
  readonly value: Value | null;
  /** Full id; null where a server was asked, which does not tell it. */
  readonly id: string | null;
  /** The socket that was asked; null: nobody was. */
  readonly server: string | null;
  readonly error: MusterError | null;
}

interface Source {
  readonly server: string | null;
  readonly ask: (name: string) => Promise<{ readonly id: string | null; readonly value: Value }>;
}

async function tellAll(call: Call, question: Question): Promise<number> {
  const session = await openSoundSession(call);
  if (session.root !== null) {
    throw new MusterError(
      "UNSUPPORTED",
      "with --root muster does not look at containers: their processes are elsewhere",
    );
  }
  const names = [...new Set(call.invocation.words)];
  await using stack = new AsyncDisposableStack();
  const sources = await sourcesFor(session, question, stack);
  const told: Told[] = [];
  for (const name of names) told.push(await askInTurn(sources, name));
  const asked = told.find(({ server }) => server !== null && socketOf(call) === null)?.server ?? null;
  if (asked !== null) tell(call, `muster: ${notSeen(call)}: asked the server at ${asked}`);
  await write(session, question, told);
  const errors = told.flatMap(({ error }) => error ?? []);
  return errors.length === 0 ? 0 : fail(call, partial(errors, names.length));
}

const notSeen = ({ uid }: Call) => `uid ${uid} sees only its own containers`;

async function sourcesFor(
  session: Session,
  question: Question,
  stack: AsyncDisposableStack,
): Promise<(() => Promise<Source>)[]> {
  const { call } = session;
  const path = socketOf(call);
  const connect = async (to: string): Promise<Source> =>
    serverSource(stack.use(await connectTo(call, to)), to, question);
  if (path !== null) {
    const source = await connect(path);
    return [async () => source];
  }
  const { index } = stack.use(enginesOf(session));
  const here = async () => engineSource(index, session, question);
  if (call.uid === 0) return [here];
  let server: Promise<Source> | null = null;
  return [
    here,
    () => {
      server ??= connect(defaultSocketPath(call.variables));
      return server;
    },
  ];
}

/** The next one is asked about what this one does not know, or may not look at. */
async function askInTurn(sources: readonly (() => Promise<Source>)[], name: string): Promise<Told> {
  const reasons: MusterError[] = [];
  for (const open of sources) {
    try {
      const { server, ask } = await open();
      return { name, server, error: null, ...(await ask(name)) };
    } catch (thrown) {
      const error = toMusterError(thrown, name);
      reasons.push(error);
      if (error.code !== "NOT_FOUND" && error.code !== "PERMISSION_DENIED") break;
    }
  }
  return { name, value: null, id: null, server: null, error: joined(reasons, name) };
}

function joined(reasons: readonly MusterError[], name: string): MusterError {
  const [first, second] = reasons;
  if (!first) return new MusterError("INTERNAL", `nobody was asked about ${name}`);
  if (!second) return first;
  const message = `${first.message} of one's own, and root's: ${second.message}`;
  return new MusterError(second.code, message, { target: name, errno: second.errno, hint: second.hint, cause: second });
}

function enginesOf({ call, environment }: Session) {
  return openEngines({
    places: enginePlaces(call.variables, (uid) => lookupUser(uid)?.home ?? null),
    isLoose: false,
    procRoot: environment.procRoot,
    variables: call.variables,
    descriptors: openFileLimit(),
    clock: call.clock,
    log: (text) => tell(call, `muster: ${text}`),
  });
}

function engineSource(index: ContainerIndex, { environment }: Session, question: Question): Source {
  return {
    server: null,
    ask: async (name) => {
      const record = findIn(index, withoutNode(name, environment.node));
      const process = await index.processOf(record);
      const value = process && factOf(question, record, process);
      if (value === null) throw doesNotRun(record);
      return { id: containerId(environment.node, record), value };
    },
  };
}

function findIn(index: ContainerIndex, name: string): ContainerRecord {
  try {
    return index.find(name);
  } catch (thrown) {
    if (!(thrown instanceof PmdaRootError) || thrown.status !== STATUS.NOCONTAINER) throw thrown;
    const hint = "'muster containers list' shows all";
    throw new PmdaRootError(thrown.status, thrown.message, { target: name, hint, cause: thrown });
  }
}

/** A full id is as good as the name in it. */
function withoutNode(name: string, node: string): string {
  const prefix = `${node}/container/`;
  return name.startsWith(prefix) ? (name.slice(prefix.length).split("/").at(-1) ?? name) : name;
}

function factOf(question: Question, record: ContainerRecord, process: FirstProcess): Value | null {
  try {
    if (question === "pid") return process.pid;
    if (question === "hostName") return process.hostName();
    const path = process.cgroup();
    return path === null ? null : containerCgroup(path, record);
  } catch (thrown) {
    if (!(thrown instanceof SysError)) throw thrown;
    throw new PmdaRootError(-thrown.errno, `${displayName(record)}: ${thrown.message}`, {
      target: displayName(record),
    });
  }
}

function doesNotRun(record: ContainerRecord): MusterError {
  const state = record.state === "created" ? "was never started" : "does not run";
  return new MusterError("NOT_FOUND", `${record.engine} container '${displayName(record)}' ${state}`, {
    target: displayName(record),
    errno: "ESRCH",
  });
}

function serverSource(client: RootClient, server: string, question: Question): Source {
  const ask = async (name: string): Promise<Value> => {
    if (question === "hostName") return client.containerHostName(name);
    if (question === "cgroup") return `/${await client.containerCgroupName(name)}`;
    const pid = await client.containerProcessId(name);
    if (pid !== null) return pid;
    throw new MusterError("NOT_FOUND", `container '${name}' does not run, says the server`, {
      target: name,
      errno: "ESRCH",
    });
  };
  return { server, ask: async (name) => ({ id: null, value: await ask(name) }) };
}

async function write(session: Session, question: Question, told: readonly Told[]): Promise<void> {
  const { call } = session;
  const warnings = configWarnings(session.config);
  if (call.isJson) {
    const items = told.map(({ name, value, id, server, error }) => ({
      name,
      id,
      hostName: null,
      pid: null,
      cgroup: null,
      [question]: value,
      server,
      error: error && errorRecord(error, name),
    }));
    const absent = told.flatMap(({ error }) =>
      error ? [{ code: error.code, target: error.target, message: error.message }] : [],
    );
    await writeList(session, "ContainerAnswerList", items, [...warnings, ...absent]);
    return;
  }
  const good = told.filter(({ value }) => value !== null);
  const lines = good.map(({ name, value }) => (told.length === 1 ? `${value}\n` : `${name} ${value}\n`));
  await writeText(call, lines.join(""));
  tellWarnings(call, warnings);
}
