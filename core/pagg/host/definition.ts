/** A module out of the text of its file: what was checked is what runs, for the file is not opened again. */
import { isBuiltin } from "node:module";
import type { PaggModule } from "../module-api.ts";
import { checkModuleName } from "../names.ts";
import type { RequestSpec } from "../request.ts";
import type { HostFailure, Loaded } from "./messages.ts";
import { MESSAGE_LIMIT } from "./messages.ts";

const HOOKS = ["init", "attach", "exec", "detach", "describe"] as const;
const MEMBERS: readonly string[] = ["name", "description", "requests", ...HOOKS];
const EFFECTS = ["read", "change", "destroy"] as const;
const NEEDS = ["anyone", "service"] as const;

/** The file is no module: said in one sentence, with its place where it is known. */
export class NoModule extends Error {
  readonly at: string | null;

  constructor(message: string, at: string | null = null) {
    super(message);
    this.at = at;
  }
}

export interface Definition {
  readonly module: PaggModule<unknown>;
  readonly loaded: Loaded;
}

/** Throws NoModule, or what the file itself throws. */
export async function defineModule(path: string, name: string, source: string): Promise<Definition> {
  const exported = await importText(path, source);
  const module = findDefinition(exported);
  return { module, loaded: describeModule(module, name) };
}

async function importText(path: string, source: string): Promise<Readonly<Record<string, unknown>>> {
  const loader = /\.m?js$/.test(path) ? "js" : "ts";
  try {
    checkImports(path, source, loader);
    Bun.plugin({
      name: "module",
      setup: (build) => {
        build.module(path, () => ({ contents: source, loader }));
      },
    });
    return await import(path);
  } catch (thrown) {
    throw syntaxError(path, thrown) ?? thrown;
  }
}

/** It is one file, because one file is what was checked; whatever Bun and Node have built in is there. */
function checkImports(path: string, source: string, loader: "js" | "ts"): void {
  for (const found of new Bun.Transpiler({ loader }).scanImports(source)) {
    if (isBuiltin(found.path) || found.path === "bun") continue;
    const lines = source.split("\n");
    const line = lines.findIndex((text) => text.includes(`"${found.path}"`) || text.includes(`'${found.path}'`)) + 1;
    throw new NoModule(
      `it imports ${JSON.stringify(found.path)}: a module is one file, with types and what node: and bun: have`,
      line === 0 ? path : `${path}:${line}`,
    );
  }
}

/** The first mistake the parser found; null for any other error. */
function syntaxError(path: string, thrown: unknown): NoModule | null {
  const [first] = thrown instanceof AggregateError ? thrown.errors : [thrown];
  if (typeof first !== "object" || first === null || !("position" in first)) return null;
  const position = first.position as { line?: unknown } | null;
  const line = typeof position?.line === "number" ? `:${position.line}` : "";
  return new NoModule(String((first as { message?: unknown }).message ?? thrown), `${path}${line}`);
}

/** The default export, or the one export that is an object with hooks or requests. */
function findDefinition(exported: Readonly<Record<string, unknown>>): PaggModule<unknown> {
  const candidates = [exported.default, ...Object.values(exported)].filter(
    (value): value is object =>
      typeof value === "object" && value !== null && ("attach" in value || "requests" in value),
  );
  const [found] = candidates;
  if (!found) {
    throw new NoModule("it exports no module: `export default { attach(child, parentData) { ... } }` is the least");
  }
  return found as PaggModule<unknown>;
}

function describeModule(module: PaggModule<unknown>, fileName: string): Loaded {
  const given: Readonly<Record<string, unknown>> = { ...module };
  const unknown = Object.keys(given).find((member) => !MEMBERS.includes(member));
  if (unknown !== undefined) {
    throw new NoModule(`a module has no member ${JSON.stringify(unknown)}; it may have ${MEMBERS.join(", ")}`);
  }
  for (const hook of HOOKS) {
    if (given[hook] !== undefined && typeof given[hook] !== "function")
      throw new NoModule(`its ${hook} is no function`);
  }
  if (typeof given.attach !== "function")
    throw new NoModule("it has no attach(child, parentData): nothing could inherit it");
  const { name = fileName, description = null } = given;
  if (description !== null && (typeof description !== "string" || description.length > MESSAGE_LIMIT)) {
    throw new NoModule(`its description is no text of at most ${MESSAGE_LIMIT} characters`);
  }
  return {
    name: moduleName(name),
    description,
    hasInit: given.init !== undefined,
    hasExec: given.exec !== undefined,
    requests: requestSpecs(given.requests ?? {}),
  };
}

function moduleName(name: unknown): string {
  try {
    return checkModuleName(name);
  } catch (thrown) {
    throw new NoModule(thrown instanceof Error ? thrown.message : String(thrown));
  }
}

function requestSpecs(requests: unknown): RequestSpec[] {
  if (typeof requests !== "object" || requests === null || Array.isArray(requests)) {
    throw new NoModule("its requests are no object of requests by name");
  }
  const numbers = new Set<number>();
  return Object.entries(requests).map(([name, request]) => {
    if (!/^[A-Za-z_][A-Za-z0-9_]{0,63}$/.test(name))
      throw new NoModule(`${JSON.stringify(name)} is no name of a request`);
    const { number, effect = "change", need = "service", answer } = (request ?? {}) as Record<string, unknown>;
    if (!Number.isInteger(number) || Number(number) < 0 || Number(number) > 0x7fff_ffff) {
      throw new NoModule(`the request ${name} has no number from 0 on`);
    }
    if (numbers.has(Number(number))) throw new NoModule(`the number ${number} of the request ${name} is given twice`);
    numbers.add(Number(number));
    if (typeof answer !== "function") throw new NoModule(`the request ${name} has no function answer(data)`);
    return { name, number: Number(number), effect: oneOf(EFFECTS, effect, name), need: oneOf(NEEDS, need, name) };
  });
}

function oneOf<T extends string>(words: readonly T[], given: unknown, request: string): T {
  const found = words.find((word) => word === given);
  if (found === undefined)
    throw new NoModule(`the request ${request} has ${JSON.stringify(given)}, not ${words.join(" or ")}`);
  return found;
}

/** Any thrown value as what the operator is told: its words, and the innermost place in the module's file. */
export function failureOf(path: string, thrown: unknown, where: string | null): HostFailure {
  const words =
    thrown instanceof Error
      ? `${thrown.name === "Error" ? "" : `${thrown.name}: `}${thrown.message}`
      : describe(thrown);
  const message = where === null ? words : `${where} threw: ${words}`;
  const at = thrown instanceof NoModule ? (thrown.at ?? path) : placeOf(path, thrown);
  return { message: message.slice(0, MESSAGE_LIMIT), at };
}

function placeOf(path: string, thrown: unknown): string | null {
  const stack = thrown instanceof Error && typeof thrown.stack === "string" ? thrown.stack : "";
  const from = stack.indexOf(`${path}:`);
  if (from < 0) return null;
  const line = /^:([0-9]+)/.exec(stack.slice(from + path.length));
  return line ? `${path}:${line[1]}` : path;
}

function describe(thrown: unknown): string {
  try {
    return JSON.stringify(thrown) ?? String(thrown);
  } catch {
    return "something that cannot be shown";
  }
}
