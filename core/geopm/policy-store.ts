/**
 * GEOPM's policy store, geopm_policystore(3): an SQLite database with a default policy for each agent and the best policies of
 * profiles. Either library reads what the other wrote.
 *
 *     getBest(agent, profile)   rows of the profile -> of the profile without its quotes -> of the agent's default
 *                               -> nothing, for an agent that takes no policy -> -14
 *
 * Unlike the real library it waits for a writer, lists what there is, and refuses rows on which that one would hang.
 */
import { resolve } from "node:path";
import Database from "better-sqlite3";
import { openNumbers } from "#ffi/open-file.ts";
import { AGENTS, type Agent, type AgentTable } from "./agents.ts";
import { GeopmError, geopmError } from "./errors.ts";
import { ChangeWatch } from "./store-change.ts";
import { storeError } from "./store-error.ts";
import { checkName } from "./store-name.ts";
import { hasTables, prepareSchema } from "./store-schema.ts";
import {
  type ListedPolicy,
  type ListRow,
  listed,
  nameOf,
  type PolicyRow,
  padded,
  valuesOf,
  withoutQuotes,
} from "./stored-policy.ts";

export interface StoreOptions {
  /** The newest GEOPM's by default. */
  readonly agents?: AgentTable;
  /** How long a writer is waited for; this process stands still meanwhile. */
  readonly busyMs?: number;
  /**
   * create: the file and its tables are made if they are missing, as GEOPM does. existing: the file must be there. look: it
   * must be there and is never written; without tables it is an empty store.
   */
  readonly mode?: "create" | "existing" | "look";
}

export interface FoundPolicy {
  /** As stored: shorter than the agent's policy, or longer. */
  readonly values: readonly number[];
  /** The profile it is stored for; null: it is the agent's default. */
  readonly profile: string | null;
}

const BUSY_MS = 1000;
/** Of profiles without a policy of their own there may come any number. */
const MOST_CACHED = 65_536;

const SELECT_BEST = "SELECT offset, CAST(value AS REAL) FROM BestPolicies WHERE profile = ? AND agent = ?";
const SELECT_DEFAULT = "SELECT offset, CAST(value AS REAL) FROM DefaultPolicies WHERE agent = ?";
const DELETE_BEST = "DELETE FROM BestPolicies WHERE profile = ? AND agent = ?";
const DELETE_DEFAULT = "DELETE FROM DefaultPolicies WHERE agent = ?";
const INSERT_BEST = "INSERT INTO BestPolicies (profile, agent, offset, value) VALUES (?, ?, ?, ?)";
const INSERT_DEFAULT = "INSERT INTO DefaultPolicies (agent, offset, value) VALUES (?, ?, ?)";
const LIST_BEST =
  "SELECT CAST(agent AS TEXT), CAST(profile AS TEXT), offset, CAST(value AS REAL) FROM BestPolicies ORDER BY 1, 2, 3";
const LIST_DEFAULT = "SELECT CAST(agent AS TEXT), NULL, offset, CAST(value AS REAL) FROM DefaultPolicies ORDER BY 1, 3";

interface Opened {
  readonly database: Database.Database;
  readonly change: ChangeWatch;
  readonly statements: Map<string, Database.Statement<unknown[]>>;
}

export class PolicyStore implements Disposable {
  readonly path: string;
  readonly #agents: AgentTable;
  readonly #busyMs: number;
  readonly #mode: NonNullable<StoreOptions["mode"]>;
  /** null: closed. */
  #opened: Opened | null;
  /** agent -> profile -> answer: valid for as long as nothing was committed. */
  readonly #cache = new Map<string, Map<string, readonly number[]>>();
  #cached = 0;

  /** -14 when it cannot be opened, is no database, or somebody else's. */
  constructor(path: string, options: StoreOptions = {}) {
    if (path === "" || path.includes("\0")) throw geopmError("INVALID", "the path of a policy store is missing");
    this.path = resolve(path);
    this.#agents = options.agents ?? AGENTS;
    this.#busyMs = options.busyMs ?? BUSY_MS;
    this.#mode = options.mode ?? "create";
    this.#opened = this.#guard(() => this.#open(this.#mode !== "create"));
  }

  /** As many values as the agent takes, NaN for those it chooses itself. -3: the agent is unknown; -14: there is no policy. */
  getBest(agent: string, profile: string): readonly number[] {
    const known = this.#cache.get(agent)?.get(profile);
    if (known !== undefined && this.#opened?.change.isUnchanged()) return known;
    return this.#guard(() => this.#readBest(agent, profile));
  }

  /** The policy that getBest takes, as it is stored, and whose it is; of any agent. null: there is none. */
  find(agent: string, profile: string): FoundPolicy | null {
    return this.#guard(() => this.#current().database.transaction(() => this.#find(agent, profile))());
  }

  /** An empty policy removes what there was. -3: unknown agent, or more values than it takes. */
  setBest(agent: string, profile: string, values: ArrayLike<number>): void {
    checkName("profile", profile);
    this.#write(agent, values, () => {
      this.#run(DELETE_BEST, profile, agent);
      for (const [offset, value] of Array.from(values).entries()) {
        this.#run(INSERT_BEST, profile, agent, offset, stored(value));
      }
    });
  }

  setDefault(agent: string, values: ArrayLike<number>): void {
    this.#write(agent, values, () => {
      this.#run(DELETE_DEFAULT, agent);
      for (const [offset, value] of Array.from(values).entries()) {
        this.#run(INSERT_DEFAULT, agent, offset, stored(value));
      }
    });
  }

  /** `profile` null: the agent's default. Of any agent, and whatever state the rows are in. Whether there was one. */
  remove(agent: string, profile: string | null): boolean {
    return this.#change(() => {
      const { changes } = profile === null ? this.#run(DELETE_DEFAULT, agent) : this.#run(DELETE_BEST, profile, agent);
      return changes > 0;
    });
  }

  /** Everything: the defaults first, by agent and profile. */
  list(): readonly ListedPolicy[] {
    return this.#guard(() => {
      if (this.#mode === "look" && !hasTables(this.#current().database)) return [];
      const read = () => [...this.#all<ListRow>(LIST_DEFAULT), ...this.#all<ListRow>(LIST_BEST)];
      return listed(this.path, this.#current().database.transaction(read)());
    });
  }

  /** Removed, or another file put in its place: the next call opens what is there now. */
  isReplaced(): boolean {
    return this.#isOpen().change.isReplaced();
  }

  close(): void {
    this.#forget();
    this.#opened?.database.close();
    this.#opened = null;
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #open(mustExist: boolean): Opened {
    const before = openNumbers();
    const isLook = this.#mode === "look";
    const database = new Database(this.path, { timeout: this.#busyMs, fileMustExist: mustExist, readonly: isLook });
    try {
      if (!isLook || hasTables(database)) prepareSchema(this.path, database);
      return { database, change: new ChangeWatch(this.path, database, before), statements: new Map() };
    } catch (thrown) {
      database.close();
      throw thrown;
    }
  }

  #isOpen(): Opened {
    if (this.#opened !== null) return this.#opened;
    throw geopmError("INVALID", `the policy store ${this.path} is closed`, { code: "NOT_ALLOWED_NOW" });
  }

  /** The file that has the name now: what was removed or replaced is let go. */
  #current(): Opened {
    const opened = this.#isOpen();
    if (!opened.change.isReplaced()) return opened;
    this.#forget();
    const next = this.#guard(() => this.#open(true));
    opened.database.close();
    this.#opened = next;
    return next;
  }

  #readBest(agent: string, profile: string): readonly number[] {
    const { result, isKept, isSameAsBefore } = this.#current().change.keep(() => this.#find(agent, profile));
    if (!isSameAsBefore) this.#clear();
    const known = this.#known(agent);
    if (result === null && known.policy.length > 0) throw noPolicy(this.path, agent, profile);
    const answer = Object.freeze(padded(result?.values ?? [], known.policy.length));
    if (isKept) this.#remember(agent, profile, answer);
    return answer;
  }

  #find(agent: string, profile: string): FoundPolicy | null {
    for (const spelling of [profile, withoutQuotes(profile)]) {
      if (spelling === null) continue;
      const rows = this.#all<PolicyRow>(SELECT_BEST, spelling, agent);
      if (rows.length > 0) return { values: valuesOf(this.path, nameOf(agent, spelling), rows), profile: spelling };
    }
    const rows = this.#all<PolicyRow>(SELECT_DEFAULT, agent);
    return rows.length > 0 ? { values: valuesOf(this.path, nameOf(agent, null), rows), profile: null } : null;
  }

  #write(agent: string, values: ArrayLike<number>, body: () => void): void {
    checkName("agent", agent);
    const most = this.#known(agent).policy.length;
    if (values.length > most) {
      throw geopmError("INVALID", `${agent} takes ${most} values, not ${values.length}`, { target: agent });
    }
    this.#change(body);
  }

  /** One transaction, which takes the write lock first: whoever reads and then writes cannot wait for another who does. */
  #change<T>(body: () => T): T {
    return this.#guard(() => {
      const { database } = this.#current();
      this.#forget();
      return database.transaction(body).immediate();
    });
  }

  #known(agent: string): Agent {
    const known = this.#agents.get(agent);
    if (known) return known;
    const hint = `agents: ${[...this.#agents.keys()].join(", ")}; those of plugins must be declared`;
    throw geopmError("INVALID", `agent ${JSON.stringify(agent)} is not known`, { target: agent, hint });
  }

  #remember(agent: string, profile: string, answer: readonly number[]): void {
    if (this.#cached >= MOST_CACHED) this.#clear();
    const profiles = this.#cache.get(agent) ?? new Map<string, readonly number[]>();
    this.#cache.set(agent, profiles.set(profile, answer));
    this.#cached++;
  }

  #forget(): void {
    this.#opened?.change.forget();
    this.#clear();
  }

  #clear(): void {
    this.#cache.clear();
    this.#cached = 0;
  }

  #guard<T>(body: () => T): T {
    try {
      return body();
    } catch (thrown) {
      throw thrown instanceof GeopmError ? thrown : storeError(this.path, thrown);
    }
  }

  #run(sql: string, ...values: readonly unknown[]): Database.RunResult {
    return this.#statement(sql, (made) => made).run(...values);
  }

  #all<T>(sql: string, ...values: readonly unknown[]): T[] {
    return this.#statement(sql, (made) => made.raw()).all(...values) as T[];
  }

  #statement(
    sql: string,
    shape: (made: Database.Statement<unknown[]>) => Database.Statement<unknown[]>,
  ): Database.Statement<unknown[]> {
    const { database, statements } = this.#isOpen();
    let statement = statements.get(sql);
    if (!statement) {
      statement = shape(database.prepare(sql));
      statements.set(sql, statement);
    }
    return statement;
  }
}

/** SQLite has no NaN: the absence of a value stands for it. */
const stored = (value: number): number | null => (Number.isNaN(value) ? null : value);

function noPolicy(path: string, agent: string, profile: string): GeopmError {
  const message = `no policy found for profile ${JSON.stringify(profile)} with agent ${agent}`;
  const hint = `set a default for ${agent}, or one for the profile, in ${path}`;
  return geopmError("DATA_STORE", message, { target: agent, code: "NOT_FOUND", hint });
}
