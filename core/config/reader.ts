/** Gathers the statements of all files: settings at once, daemons into tables that are read when all is known. */
import type { Config, ConfigProblem, DaemonDeclaration } from "#core/model/declaration.ts";
import { type DaemonTable, type Entry, readDaemon } from "./daemon-table.ts";
import { nearestKey } from "./nearest-key.ts";
import { settingsTables } from "./settings-table.ts";
import { readToml, type Statement } from "./toml.ts";
import * as values from "./values.ts";

interface OpenTable extends DaemonTable {
  readonly entries: Map<string, Entry>;
  hasHeader: boolean;
}

export interface ReadConfig extends Omit<Config, "discover"> {
  /** null: nothing is said of it. */
  readonly discover: readonly string[] | null;
}

const NAME = /^[A-Za-z0-9._@-]+$/;
const TOP_KEYS = ["read_only", "discover", "daemon", "psm", "pagg", "jobs", "geopm", "pmdaroot"];

export class ConfigReader {
  readonly #root: string;
  readonly #problems: ConfigProblem[] = [];
  readonly #tables = new Map<string, OpenTable>();
  /** Names with a table that is not valid TOML. */
  readonly #broken = new Set<string>();
  readonly #settings = settingsTables();
  #readOnly = false;
  #discover: readonly string[] | null = null;

  constructor(root: string) {
    this.#root = root;
  }

  read(file: string, text: string, isMain: boolean): void {
    const { statements, mistakes, broken } = readToml(text);
    for (const { line, reason } of mistakes) this.#say(file, line, reason);
    for (const [first, name] of broken) if (first === "daemon" && name !== undefined) this.#broken.add(name);
    // A safety switch does not fall off because of a mistake beside it.
    if (isMain && mistakes.length > 0 && /^\s*read_only\s*=\s*true/m.test(text)) this.#readOnly = true;
    const refused = new Set<number>();
    for (const statement of statements) {
      if (refused.has(statement.block)) continue;
      if (!this.#take(file, statement, isMain) && statement.block > 0) refused.add(statement.block);
    }
  }

  finish(): ReadConfig {
    const daemons: DaemonDeclaration[] = [];
    const owners = new Map<string, DaemonTable>();
    for (const table of this.#tables.values()) {
      if (this.#broken.has(table.name)) continue;
      const { declaration, problems } = readDaemon(table, this.#root);
      this.#problems.push(...problems);
      if (!declaration) continue;
      const owner = owners.get(declaration.pidFile);
      if (owner) {
        const line = table.entries.get("pid_file")?.line ?? table.line;
        this.#say(table.file, line, `pid_file is that of '${owner.name}' (${owner.file}:${owner.line})`);
        continue;
      }
      owners.set(declaration.pidFile, table);
      daemons.push(declaration);
    }
    const { psm, pagg, jobs, geopm, pmdaroot } = this.#settings;
    return {
      readOnly: this.#readOnly,
      discover: this.#discover,
      daemons,
      psm: psm.settings,
      pagg: pagg.settings,
      jobs: jobs.settings,
      geopm: geopm.settings,
      pmdaroot: pmdaroot.settings,
      problems: this.#problems,
    };
  }

  /** False if the rest of the statement's table is not to be taken either. */
  #take(file: string, statement: Statement, isMain: boolean): boolean {
    const [first = "", name, ...rest] = statement.path;
    if (first === "daemon") {
      if (name === undefined) {
        if (!statement.isTable) this.#say(file, statement.line, "daemon must be a table: write [daemon.NAME]");
        return true;
      }
      return this.#takeDaemon(file, statement, name, rest);
    }
    if (!isMain || !TOP_KEYS.includes(first)) {
      const where = isMain
        ? `'${first}' is not a key`
        : `'${first}' does not belong in a drop-in: only [daemon.NAME] does`;
      this.#say(file, statement.line, isMain ? `${where}${nearestKey(first, TOP_KEYS)}` : where);
      return false;
    }
    if (first === "psm" || first === "pagg" || first === "jobs" || first === "geopm" || first === "pmdaroot") {
      const reason = this.#settings[first].take(statement);
      if (reason !== null) this.#say(file, statement.line, reason);
    } else this.#takeSetting(file, statement, first);
    return true;
  }

  #takeSetting(file: string, { path, line, value }: Statement, key: string): void {
    try {
      if (path.length > 1) throw new values.Mistake("is not a table");
      if (key === "read_only") this.#readOnly = values.boolean(value);
      else this.#discover = values.list(value, values.absolutePath);
    } catch (thrown) {
      if (!(thrown instanceof values.Mistake)) throw thrown;
      if (key === "read_only") this.#readOnly = true;
      this.#say(file, line, `${key} ${thrown.message}${key === "read_only" ? "; taken as true" : ""}`);
    }
  }

  #takeDaemon(file: string, statement: Statement, name: string, rest: readonly string[]): boolean {
    const { line, isTable, value } = statement;
    if (!NAME.test(name)) {
      this.#say(file, line, `'${name}' is not a name of a daemon: letters, digits and . _ @ - only`);
      return false;
    }
    const isHeader = isTable && rest.length === 0;
    if (!isTable && rest.length === 0) {
      this.#say(file, line, `daemon '${name}' must be a table`);
      return true;
    }
    let table = this.#tables.get(name);
    if (table && (table.file !== file || (isHeader && table.hasHeader))) {
      this.#say(file, line, `daemon '${name}' is declared already at ${table.file}:${table.line}`);
      return false;
    }
    if (!table) {
      table = { name, file, line, entries: new Map(), hasHeader: false };
      this.#tables.set(name, table);
    }
    if (isHeader) table.hasHeader = true;
    else if (!(isTable && rest.length === 1 && rest[0] === "environment")) {
      this.#put(table, rest, { value: isTable ? undefined : value, line });
    }
    return true;
  }

  #put(table: OpenTable, path: readonly string[], entry: Entry): void {
    const [first = "", ...inner] = path;
    const isVariable = first === "environment" && inner.length > 0;
    const key = isVariable ? path.join(".") : first;
    const earlier = table.entries.get(key);
    if (inner.length > 0 && !isVariable) {
      // A table where a value belongs: told once, by its own reader.
      if (!earlier) table.entries.set(key, { value: undefined, line: entry.line });
      return;
    }
    if (!earlier) {
      table.entries.set(key, entry);
      return;
    }
    this.#say(table.file, entry.line, `${key} is set already in line ${earlier.line}`);
    this.#broken.add(table.name);
  }

  #say(file: string, line: number, reason: string): void {
    this.#problems.push({ file, line, reason });
  }
}
