/**
 * What must not leave the house is taken out before it is written: secrets on command lines by pattern, and, where it is
 * asked for, all arguments, names of hosts and names of users. One name becomes the same word everywhere, by a key that is
 * kept nowhere: whoever has the file cannot try names against it.
 */
import { createHmac } from "node:crypto";
import { withoutAddresses } from "./addresses.ts";
import type { Header } from "./header.ts";
import { GONE, isSecretAfter, isSecretName } from "./named-secrets.ts";
import { mayHoldSecrets, withoutSecretArguments, withoutSecrets } from "./secrets.ts";

export const REDACTIONS = ["argv", "hosts", "users"] as const;
export type Redaction = (typeof REDACTIONS)[number];

export interface RedactionOptions {
  /** Beside secrets. */
  readonly take: readonly Redaction[];
  /** Command lines stay as they are: secrets too. */
  readonly keepsSecrets: boolean;
  /** What fits it is taken out of every text. */
  readonly pattern?: RegExp | null;
  /** Of this recording alone; bytes that nobody can guess. */
  readonly key: Uint8Array;
}

export interface Redactor {
  /** For the header: what is taken out. */
  readonly removed: readonly string[];
  /** Names in it are known from now on: of what is at hand at once all is shown first, for a name may stand before it is told whose it is. */
  learn(record: object): void;
  header(header: Header): Header;
  /** A record, or a part of one, as JSON. */
  json(record: object): string;
}

const REST_GONE = "[...]";

const COMMAND_FIELDS: ReadonlySet<string> = new Set(["argv", "command", "commandLine"]);
/** What tells of a command in words: its program stays. */
const COMMAND_SENTENCES: readonly RegExp[] = [
  /^(job \S+ of .* was created: \S+)\s.*/s,
  /^(job \S+ has ended: [^(]*\(\S+)\s.*/s,
  /^(process .* was started for uid \d+: \S+)\s.*/s,
  /^(start [^:]*: \S+)\s.*/s,
];
const COMMAND_STARTS = /^(?:job|process|start) /;
const HOST_FIELDS: ReadonlySet<string> = new Set(["host", "hostname", "node", "nodes", "hosts"]);
/** Of a container: often a word such as `web`, which is not replaced elsewhere unless it looks like a name of machines. */
const HOST_NAME = "hostName";
const IS_NO_WORD = /[\d.-]/;
const USER_FIELDS: ReadonlySet<string> = new Set(["user", "starterUser"]);
const ENVIRONMENT_FIELDS: ReadonlySet<string> = new Set(["environment", "env"]);

/** They stand in ids and words of muster itself, or are nobody's. */
const COMMON_HOSTS: ReadonlySet<string> = new Set(
  "localhost node daemon category member module job attachment endpoint policy event".split(" "),
);
const COMMON_USERS: ReadonlySet<string> = new Set(["root"]);
const HOME = "/home/";
const HOMES = /\/home\/([^/\s"']+)/g;
/** Below this a user belongs to the system; names such as `daemon` or `mail` are words everywhere. */
const FIRST_PERSON = 1000;
const SHORTEST_WORD = 3;
/** Of texts that were looked at. */
const MOST_KEPT = 4096;
const LONGEST_KEPT = 256;

export function createRedactor({ take, keepsSecrets, pattern = null, key }: RedactionOptions): Redactor {
  const takes = new Set(take);
  const hosts = new Names("host", key, COMMON_HOSTS);
  const users = new Names("user", key, COMMON_USERS);
  const isDeep = takes.size > 0 || pattern !== null;
  const everyPattern = pattern === null ? null : new RegExp(pattern.source, `${pattern.flags.replace("g", "")}g`);

  /** As long as no other name is known. Most texts of a recording stand in it again and again. */
  const before = new Map<string, string>();

  const text = (value: string): string => {
    const same = before.get(value);
    if (same !== undefined) return same;
    const result = redacted(value);
    if (value.length <= LONGEST_KEPT) {
      if (before.size >= MOST_KEPT) before.clear();
      before.set(value, result);
    }
    return result;
  };

  const redacted = (value: string): string => {
    let result = value;
    if (takes.has("argv") && COMMAND_STARTS.test(value))
      for (const each of COMMAND_SENTENCES) result = result.replace(each, `$1 ${REST_GONE}`);
    if (!keepsSecrets) result = withoutSecrets(result);
    if (everyPattern !== null) result = result.replace(everyPattern, GONE);
    if (takes.has("hosts")) result = hosts.replaceIn(withoutAddresses(result, (address) => hosts.of(address)));
    if (takes.has("users")) {
      if (result.includes(HOME)) result = result.replace(HOMES, (_, name: string) => HOME + users.of(name));
      result = users.replaceIn(result);
    }
    return result;
  };

  const command = (value: unknown): unknown => {
    if (!takes.has("argv")) return value;
    if (typeof value === "string")
      return /\s/.test(value.trim()) ? value.trim().replace(/\s.*/s, ` ${REST_GONE}`) : value;
    if (Array.isArray(value) && value.length > 1) return [value[0], REST_GONE];
    return value;
  };

  /** A flag and its secret may be words of their own. */
  const list = (values: readonly unknown[]): readonly unknown[] => {
    const left = values.map((value, index) => {
      const flag = values[index - 1];
      const isSecret = !keepsSecrets && typeof value === "string" && typeof flag === "string";
      return isSecret && isSecretAfter(flag, value) ? GONE : walk(value);
    });
    return !keepsSecrets && left.every((each) => typeof each === "string") ? withoutSecretArguments(left) : left;
  };

  /** What stands under the name of a secret is one. */
  const labels = (values: object): unknown =>
    keepsSecrets
      ? walk(values)
      : walk(
          Object.fromEntries(Object.entries(values).map(([name, value]) => [name, isSecretName(name) ? GONE : value])),
        );

  const walk = (value: unknown): unknown => {
    if (typeof value === "string") return text(value);
    if (Array.isArray(value)) return list(value);
    if (typeof value !== "object" || value === null) return value;
    const fields = value as Readonly<Record<string, unknown>>;
    const result: Record<string, unknown> = {};
    for (const name in fields) {
      const inner = fields[name];
      if (typeof inner === "number" || typeof inner === "boolean" || inner === null) result[name] = inner;
      else if (ENVIRONMENT_FIELDS.has(name) && typeof inner === "object") result[name] = {};
      else if (name === "labels" && typeof inner === "object") result[name] = labels(inner);
      else if (name === HOST_NAME && typeof inner === "string" && takes.has("hosts")) result[name] = hosts.of(inner);
      else if (USER_FIELDS.has(name) && typeof inner === "string" && takes.has("users")) result[name] = users.of(inner);
      else result[name] = walk(COMMAND_FIELDS.has(name) ? command(inner) : inner);
    }
    // What a step tells in words is told with its arguments.
    const { argv } = fields;
    const words = Array.isArray(argv) ? argv.slice(1).join(" ") : "";
    if (takes.has("argv") && words !== "" && typeof result.text === "string") {
      result.text = result.text.replaceAll(text(words), REST_GONE);
    }
    return result;
  };

  const know = (names: Names, name: string): void => {
    if (names.learn(name)) before.clear();
  };

  const learn = (value: object): void => {
    if (Array.isArray(value)) {
      for (const each of value) if (typeof each === "object" && each !== null) learn(each);
      return;
    }
    const fields = value as Readonly<Record<string, unknown>>;
    const { id } = fields;
    for (const [user, uid] of [
      [fields.user, fields.uid],
      [fields.starterUser, fields.starterUid],
    ]) {
      if (typeof user === "string" && typeof uid === "number" && uid >= FIRST_PERSON) know(users, user);
    }
    if (typeof id === "string" && id.includes("/")) know(hosts, id.slice(0, id.indexOf("/")));
    for (const name in fields) {
      const inner = fields[name];
      if (name === HOST_NAME && typeof inner === "string" && IS_NO_WORD.test(inner)) know(hosts, inner);
      if (HOST_FIELDS.has(name)) for (const each of [inner].flat()) if (typeof each === "string") know(hosts, each);
      if (typeof inner === "object" && inner !== null) learn(inner);
    }
  };

  const hasNames = takes.has("hosts") || takes.has("users");
  const deep = <T extends object>(record: T): T => {
    if (hasNames) learn(record);
    return walk(record) as T;
  };

  return {
    removed: [...(keepsSecrets ? [] : ["secrets"]), ...(pattern === null ? [] : ["pattern"]), ...takes],
    learn(record) {
      if (hasNames) learn(record);
    },
    header(header) {
      const removed = [...new Set([...(header.redacted ?? []), ...this.removed])];
      return { ...deep(header), redacted: removed };
    },
    json(record) {
      if (isDeep) return JSON.stringify(deep(record));
      const plain = JSON.stringify(record);
      return !keepsSecrets && mayHoldSecrets(plain) ? JSON.stringify(walk(record)) : plain;
    },
  };
}

/** Names and the words that stand for them. */
class Names {
  readonly #kind: string;
  readonly #key: Uint8Array;
  readonly #common: ReadonlySet<string>;
  readonly #words = new Map<string, string>();
  readonly #seen = new Set<string>();
  readonly #known = new Set<string>();
  /** Of names that are known: others in it are told from it as well. */
  readonly #domains = new Set<string>();
  #pattern: RegExp | null = null;

  constructor(kind: string, key: Uint8Array, common: ReadonlySet<string>) {
    this.#kind = kind;
    this.#key = key;
    this.#common = common;
  }

  of(name: string): string {
    if (name === "" || this.#common.has(name)) return name;
    let word = this.#words.get(name);
    if (word === undefined) {
      const digest = createHmac("sha256", this.#key).update(`${this.#kind}\0${name}`).digest("hex");
      word = `${this.#kind}-${digest.slice(0, 8)}`;
      this.#words.set(name, word);
    }
    return word;
  }

  /** From now on it is replaced wherever it stands; of a name with a domain its first part too. False if it is known. */
  learn(name: string): boolean {
    if (this.#seen.has(name)) return false;
    this.#seen.add(name);
    const [first = name, ...domain] = name.split(".");
    const isAddress = /^[\d.]+$/.test(name);
    if (domain.length > 1 && !isAddress) {
      this.#domains.add(domain.join("."));
      this.#pattern = null;
    }
    for (const each of isAddress ? [name] : [name, first]) {
      if (this.#known.has(each) || each.length === 0 || this.#common.has(each)) continue;
      if (each.length < SHORTEST_WORD && each !== name) continue;
      this.#known.add(each);
      this.#pattern = null;
    }
    return true;
  }

  replaceIn(text: string): string {
    if (this.#known.size === 0) return text;
    this.#pattern ??= wordsPattern(this.#known, this.#domains);
    // A domain behind a name tells as much as the name; it stays apart, for a path may look like one.
    return text.replace(this.#pattern, (_, known?: string, behind = "", other = "", domain = "") => {
      const name = known ?? other;
      const rest = known === undefined ? `.${domain}` : behind;
      return rest === "" ? this.of(name) : `${this.of(name)}.${this.of(rest).slice(this.#kind.length + 1)}`;
    });
  }
}

/** A name, with what is behind it; or another one in a domain that is known. A number behind a name is no part of it. */
function wordsPattern(names: Iterable<string>, domains: Iterable<string>): RegExp {
  const label = "[A-Za-z0-9-]+";
  const end = "(?!\\w|-(?!\\d+(?![\\w-])))";
  const known = `(?<![\\w-])(${anyOf(names)})((?:\\.${label})*)${end}`;
  const inDomain = anyOf(domains);
  if (inDomain === "") return new RegExp(known, "g");
  return new RegExp(`${known}|(?<![\\w.-])(${label}(?:\\.${label}){0,8}?)\\.(${inDomain})${end}`, "g");
}

function anyOf(names: Iterable<string>): string {
  const longestFirst = [...names].sort((a, b) => b.length - a.length);
  return longestFirst.map((name) => name.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")).join("|");
}
