/**
 * All containers of all engines, by id and by name. The engines keep it by notification, so a question costs the same
 * whether there is one container or ten thousand; before each answer everything that has happened until then is taken in.
 *
 *     engines -> upsert / remove -> index -> find (match.ts) -> first process, held and checked -> answer
 */
import { UserNames } from "#ffi/accounts.ts";
import { type ContainerRecord, containerKey } from "./container.ts";
import { PmdaRootError } from "./error.ts";
import type { FirstProcess } from "./first-process.ts";
import { HeldProcess, type HoldOptions, Holds } from "./held-process.ts";
import { LeftOut } from "./left-out.ts";
import { distinct, matchLoosely, matchName, type NameTable } from "./match.ts";
import { NameIndex } from "./name-index.ts";
import { STATUS } from "./status.ts";
import { TreeWatch } from "./tree-watch.ts";

/** For engines that keep no file about it: asks for the present pid. Resolves when the index knows. */
export type Locate = () => Promise<void>;

export interface IndexOptions extends HoldOptions {
  /** As pmdaroot(1) matches names. */
  readonly isLoose: boolean;
  readonly onProblem: (text: string) => void;
  /** A container came, changed, ended or went. While it is given, the exits of processes that are held are watched. */
  readonly onChange?: (key: string) => void;
}

/** What the index gives an engine. */
export interface EngineHost {
  readonly tree: TreeWatch;
  readonly leftOut: LeftOut;
  readonly onProblem: (text: string) => void;
  upsert(record: ContainerRecord, locate?: Locate): void;
  remove(of: Pick<ContainerRecord, "engine" | "owner" | "id">): void;
}

/** A container, and its first process if it runs. */
export interface Listed {
  readonly record: ContainerRecord;
  readonly process: FirstProcess | null;
}

interface Item {
  record: ContainerRecord;
  locate: Locate | null;
  readonly process: HeldProcess;
}

export class ContainerIndex implements EngineHost, Disposable {
  readonly tree: TreeWatch;
  readonly leftOut: LeftOut;
  readonly onProblem: (text: string) => void;
  readonly #options: IndexOptions;
  #isLoose: boolean;
  readonly #items = new Map<string, Item>();
  readonly #names = new NameIndex();
  readonly #holds: Holds;
  readonly #users = new UserNames();
  readonly #table: NameTable<ContainerRecord>;

  constructor(options: IndexOptions) {
    this.#options = options;
    this.#isLoose = options.isLoose;
    this.onProblem = options.onProblem;
    this.tree = new TreeWatch(options.onProblem);
    this.leftOut = new LeftOut(options.onProblem);
    this.#holds = new Holds(options);
    const { withId, withName, withIdPrefix } = this.#names;
    this.#table = { withId, withName, withIdPrefix, userName: (uid) => this.userName(uid) };
  }

  /** As pmdaroot(1) matches names, from now on, or not. */
  setLoose(isLoose: boolean): void {
    this.#isLoose = isLoose;
  }

  /** However many engines tell of the same one. */
  get size(): number {
    return distinct([...this.#items.values()].map(({ record }) => record)).length;
  }

  upsert(record: ContainerRecord, locate: Locate | null = null): void {
    const key = containerKey(record);
    const item = this.#items.get(key);
    if (item) {
      item.locate = locate;
      if (Bun.deepEquals(item.record, record)) return;
      this.#names.replace(item.record, record);
      if (!isSameProcess(item.record, record)) item.process.forget();
      item.record = record;
    } else {
      const { onChange } = this.#options;
      const process = new HeldProcess(this.#holds, onChange ? () => onChange(key) : null);
      this.#items.set(key, { record, locate, process });
      this.#names.add(record);
    }
    this.#options.onChange?.(key);
  }

  remove(of: Pick<ContainerRecord, "engine" | "owner" | "id">): void {
    const key = containerKey(of);
    const item = this.#items.get(key);
    if (!item) return;
    item.process.forget();
    this.#names.remove(item.record);
    this.#items.delete(key);
    this.#options.onChange?.(key);
  }

  /** Throws PmdaRootError: PM_ERR_NOCONTAINER, ENOTUNIQ. */
  find(query: string): ContainerRecord {
    this.tree.catchUp();
    try {
      return this.#isLoose ? matchLoosely(query, this.#records()) : matchName(query, this.#table);
    } catch (thrown) {
      throw this.#withLeftOut(query, thrown);
    }
  }

  /** Its first process if it runs at this moment; null if it does not. A promise only where the engine has to be asked. */
  processOf(record: ContainerRecord): FirstProcess | null | Promise<FirstProcess | null> {
    const item = this.#items.get(containerKey(record));
    if (!item) return null;
    const process = item.process.of(item.record);
    if (process !== null || item.locate === null) return process;
    return item.locate().then(() => item.process.of(item.record));
  }

  /** One by its key, as far as it is known without asking its engine; null if it is gone. */
  at(key: string): Listed | null {
    const item = this.#items.get(key);
    return item ? listed(item) : null;
  }

  /** Every container, with its process if it runs. */
  async list(): Promise<Listed[]> {
    this.tree.catchUp();
    await Promise.all([...this.#items.values()].map(({ record }) => this.processOf(record)));
    return [...this.#items.values()].map(listed);
  }

  userName(uid: number): string {
    return this.#users.of(uid) ?? String(uid);
  }

  [Symbol.dispose](): void {
    this.tree.close();
    for (const { process } of this.#items.values()) process.forget();
    this.#items.clear();
  }

  /** What is not known may be what was left out. */
  #withLeftOut(query: string, thrown: unknown): unknown {
    const { summary } = this.leftOut;
    if (summary === null || !(thrown instanceof PmdaRootError) || thrown.status !== STATUS.NOCONTAINER) return thrown;
    return new PmdaRootError(thrown.status, `${thrown.message}; ${summary}`, { target: query });
  }

  *#records(): Generator<ContainerRecord> {
    for (const { record } of this.#items.values()) yield record;
  }
}

function listed({ record, process }: Item): Listed {
  return { record, process: process.of(record) };
}

/** Told of the same process: what is held of it is held on to. */
function isSameProcess(one: ContainerRecord, other: ContainerRecord): boolean {
  return one.pid === other.pid && one.startTicks === other.startTicks && one.writtenAtMs === other.writtenAtMs;
}
