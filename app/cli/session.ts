/** What commands that look at the machine share: environment, configuration, the service, and warnings. */
import { existsSync, statSync } from "node:fs";
import { resolve } from "node:path";
import { loadConfig } from "#core/config/load.ts";
import { timestamp } from "#core/model/clock.ts";
import type { Config } from "#core/model/declaration.ts";
import type { Environment } from "#core/model/environment.ts";
import { fromRecord, MusterError } from "#core/model/error.ts";
import type { Kind } from "#core/model/kinds.ts";
import type { Warning } from "#core/model/source.ts";
import { documentText, type Origin } from "#core/output/document.ts";
import type { LocalServiceOptions } from "#core/service/options.ts";
import type { Service } from "#core/service/service.ts";
import type { Shelf } from "#core/store/snapshot.ts";
import type { Wish } from "./connect.ts";
import { type Call, tell, writeText } from "./context.ts";
import { makeEnvironment } from "./environment.ts";
import { usage } from "./option-values.ts";

export interface Session {
  readonly call: Call;
  readonly environment: Environment;
  readonly config: Config;
  readonly isReadOnly: boolean;
  /** --root; null for the live machine. */
  readonly root: string | null;
  readonly isStrict: boolean;
  /** What it is about is not what a running service looks at: it is looked at in this process. */
  readonly isApart: boolean;
}

export async function openSession(call: Call): Promise<Session> {
  const { options } = call.invocation;
  const root = rootOf(options.text("root"));
  const configFile = options.text("config");
  const environment = makeEnvironment({
    variables: call.variables,
    uid: call.uid,
    root: root ?? "",
    configFile: configFile === null ? null : resolve(configFile),
  });
  const store = storeOf(call.invocation);
  const declared = await configOf(environment, call);
  const config = store === null ? declared : { ...declared, geopm: { ...declared.geopm, policyStore: store } };
  return {
    call,
    environment,
    config,
    isReadOnly: options.has("read-only") || config.readOnly,
    root,
    isStrict: options.has("strict"),
    isApart: store !== null || isSeenHere(call),
  };
}

/** What the engines' files and the kernel say of containers at this very moment, whoever else follows them. */
function isSeenHere({ invocation: { command }, uid }: Call): boolean {
  return uid === 0 && (command.name === "containers list" || command.name === "containers get");
}

/** Commands of policies look at the store that they are told to. */
function storeOf({ command, options }: Call["invocation"]): string | null {
  const store = options.text("policystore");
  return store === null || !command.name.startsWith("policies ") ? null : resolve(store);
}

function rootOf(directory: string | null): string | null {
  if (directory === null) return null;
  const root = resolve(directory);
  if (!statSync(root, { throwIfNoEntry: false })?.isDirectory()) {
    throw usage(`--root: '${directory}' is not a directory`, directory);
  }
  return root === "/" ? null : root;
}

/** Whoever names a configuration file wants it read: one that is missing is an error then, and a warning for the variable. */
async function configOf(environment: Environment, call: Call): Promise<Config> {
  const { configFile } = environment;
  const isMissing = !existsSync(configFile);
  if (isMissing && call.invocation.options.has("config")) {
    throw new MusterError("BAD_CONFIG", `${configFile}: no such file`, { target: configFile, errno: "ENOENT" });
  }
  const config = await loadConfig({ configFile, root: environment.root });
  const isNamed = isMissing && configFile === call.variables.MUSTER_CONFIG;
  const missing = { file: configFile, line: null, reason: "no such file; MUSTER_CONFIG names it" };
  return isNamed ? { ...config, problems: [missing, ...config.problems] } : config;
}

export function configWarnings(config: Config): Warning[] {
  return config.problems.map(({ file, line, reason }) => ({
    code: "CONFIG_PROBLEM",
    target: line === null ? file : `${file}:${line}`,
    message: reason,
  }));
}

export function tellWarnings(call: Call, warnings: readonly Warning[]): void {
  for (const { target, message } of warnings) tell(call, `muster: ${target === null ? "" : `${target}: `}${message}`);
}

/** As openSession; with --strict a mistake in the configuration is an error. */
export async function openSoundSession(call: Call): Promise<Session> {
  const session = await openSession(call);
  refuseProblems(session);
  return session;
}

/** With --strict a mistake in the configuration is an error. */
export function refuseProblems(session: Session): void {
  const [first, ...others] = session.config.problems;
  if (!session.isStrict || !first) return;
  const place = first.line === null ? first.file : `${first.file}:${first.line}`;
  const hint = others.length > 0 ? `and ${others.length} more; see 'muster doctor'` : null;
  throw new MusterError("BAD_CONFIG", `${place}: ${first.reason}`, { target: place, hint });
}

/** Only here is the service imported: help, schemas and completions never load it. */
export async function withService<T>(
  session: Session,
  mode: LocalServiceOptions["mode"],
  use: (service: Service) => Promise<T>,
  wish: Wish = {},
): Promise<T> {
  const { openService } = await import("./connect.ts");
  const service = await openService(session, mode, wish);
  try {
    return await use(service);
  } finally {
    await service.close();
  }
}

export function origin(session: Session): Origin {
  const { call, environment, root } = session;
  return { host: environment.node, generatedAt: timestamp(call.clock.wallMs()), root };
}

/** All of them once: what the configuration says, the source of a kind may say again. */
export function joinWarnings(...lists: readonly (readonly Warning[])[]): Warning[] {
  const byText = new Map<string, Warning>();
  for (const warning of lists.flat()) {
    const key = `${warning.code} ${warning.target} ${warning.message}`;
    if (!byText.has(key)) byText.set(key, warning);
  }
  return [...byText.values()];
}

/** The warnings of one kind's source; throws if there is nothing behind it at all. */
export function shelfWarnings(kind: Kind, shelf: Shelf<unknown>): Warning[] {
  if (shelf.status === "failed" && shelf.error) {
    if (shelf.items.size === 0) throw fromRecord(shelf.error);
    return [...shelf.warnings, { code: shelf.error.code, target: shelf.error.target, message: shelf.error.message }];
  }
  const stale = { code: "SOURCE_STALE", target: kind, message: `nothing fresh has come from ${kind}` };
  return shelf.staleSinceMs === null ? [...shelf.warnings] : [...shelf.warnings, stale];
}

export async function writeDocument(call: Call, document: object): Promise<void> {
  await writeText(call, documentText(document, call.isPretty));
}
