/**
 * All containers of all engines, by id and by name. The engines keep it by notification, so a question costs the same
 * whether there is one container or ten thousand; before each answer everything that has happened until then is taken in.
 *
 *     engines -> upsert / remove -> index -> find (match.ts) -> first process, held and checked -> answer
 */
import { UserNames } from "#ffi/accounts.ts";
import { EPOLL, type Watch, watchKept } from "#ffi/pump.ts";
import { type ContainerRecord, containerKey, isHexId } from "./container.ts";
import { PmdaRootError } from "./error.ts";
import { FirstProcess } from "./first-process.ts";
import { LeftOut } from "./left-out.ts";
import { distinct, matchLoosely, matchName, type NameTable } from "./match.ts";
import { STATUS } from "./status.ts";
import { TreeWatch } from "./tree-watch.ts";

/** For engines that keep no file about it: asks for the present pid. Resolves when the index knows. */
export type Locate = () => Promise<void>;

export interface IndexOptions {
  readonly procRoot: string;
  /** As pmdaroot(1) matches names. */
  readonly isLoose: boolean;
  /** First processes that may be held, by two descriptors each. */
  readonly mostHeld: number;
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
  process: FirstProcess | null;
  /** The process of this record was looked for. */
  isSought: boolean;
  exit: Watch | null;
}

export class ContainerIndex implements EngineHost, Disposable {
  readonly tree: TreeWatch;
  readonly leftOut: LeftOut;
  readonly onProblem: (text: string) => void;
  readonly #options: IndexOptions;
  #isLoose: boolean;
  readonly #items = new Map<string, Item>();
  readonly #byId = new Map<string, Set<ContainerRecord>>();
  readonly #byName = new Map<string, Set<ContainerRecord>>();
  /** In order, for prefixes; null after a change. */
  #sortedIds: string[] | null = null;
  readonly #users = new UserNames();
  readonly #table: NameTable<ContainerRecord>;
  #held = 0;

  constructor(options: IndexOptions) {
    this.#options = options;
    this.#isLoose = options.isLoose;
    this.onProblem = options.onProblem;
    this.tree = new TreeWatch(options.onProblem);
    this.leftOut = new LeftOut(options.onProblem);
    this.#table = {
      withId: (id) => this.#byId.get(id) ?? [],
      withName: (name) => this.#byName.get(name) ?? [],
      withIdPrefix: (prefix) => this.#withPrefix(prefix),
      userName: (uid) => this.userName(uid),
    };
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
      this.#unlist(item.record);
      if (!isSameProcess(item.record, record)) this.#release(item);
      item.record = record;
    } else {
      this.#items.set(key, { record, locate, process: null, isSought: false, exit: null });
      this.#sortedIds = null;
    }
    add(this.#byId, record.id, record);
    for (const name of record.names) add(this.#byName, name, record);
    this.#options.onChange?.(key);
  }

  remove(of: Pick<ContainerRecord, "engine" | "owner" | "id">): void {
    const key = containerKey(of);
    const item = this.#items.get(key);
    if (!item) return;
    this.#release(item);
    this.#unlist(item.record);
    this.#items.delete(key);
    this.#sortedIds = null;
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
    const process = this.#process(item);
    if (process !== null || item.locate === null) return process;
    return item.locate().then(() => this.#process(item));
  }

  /** One by its key, as far as it is known without asking its engine; null if it is gone. */
  at(key: string): Listed | null {
    const item = this.#items.get(key);
    return item ? { record: item.record, process: this.#process(item) } : null;
  }

  /** Every container, with its process if it runs. */
  async list(): Promise<Listed[]> {
    this.tree.catchUp();
    await Promise.all([...this.#items.values()].map(({ record }) => this.processOf(record)));
    return [...this.#items.values()].map((item) => ({ record: item.record, process: this.#process(item) }));
  }

  userName(uid: number): string {
    return this.#users.of(uid) ?? String(uid);
  }

  [Symbol.dispose](): void {
    this.tree.close();
    for (const item of this.#items.values()) this.#release(item);
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

  #process(item: Item): FirstProcess | null {
    if (item.process !== null) {
      if (item.process.isAlive()) return item.process;
      this.#release(item);
      item.isSought = true;
    }
    if (item.isSought) return null;
    item.isSought = true;
    const mayHold = this.#held < this.#options.mostHeld;
    item.process = FirstProcess.find(this.#options.procRoot, item.record, mayHold);
    const pidfd = item.process?.pidfd ?? null;
    if (pidfd !== null) this.#held++;
    if (pidfd !== null && this.#options.onChange)
      item.exit = watchKept(pidfd.fd, EPOLL.IN | EPOLL.ONESHOT, () => this.#ended(item));
    return item.process;
  }

  #ended(item: Item): void {
    this.#release(item);
    item.isSought = true;
    this.#options.onChange?.(containerKey(item.record));
  }

  /** Forgets the process; the next question looks for it again. */
  #release(item: Item): void {
    item.exit?.[Symbol.dispose]();
    item.exit = null;
    item.isSought = false;
    if (item.process?.pidfd) this.#held--;
    item.process?.[Symbol.dispose]();
    item.process = null;
  }

  #unlist(record: ContainerRecord): void {
    removeFrom(this.#byId, record.id, record);
    for (const name of record.names) removeFrom(this.#byName, name, record);
  }

  *#withPrefix(prefix: string): Generator<ContainerRecord> {
    if (!/^[0-9a-f]+$/.test(prefix)) return;
    this.#sortedIds ??= [...this.#byId.keys()].filter(isHexId).sort();
    const ids = this.#sortedIds;
    for (let at = firstAtLeast(ids, prefix); ids[at]?.startsWith(prefix); at++) {
      yield* this.#byId.get(ids[at] ?? "") ?? [];
    }
  }
}

/** Told of the same process: what is held of it is held on to. */
function isSameProcess(one: ContainerRecord, other: ContainerRecord): boolean {
  return one.pid === other.pid && one.startTicks === other.startTicks && one.writtenAtMs === other.writtenAtMs;
}

function add(map: Map<string, Set<ContainerRecord>>, key: string, record: ContainerRecord): void {
  const records = map.get(key);
  if (records) records.add(record);
  else map.set(key, new Set([record]));
}

function removeFrom(map: Map<string, Set<ContainerRecord>>, key: string, record: ContainerRecord): void {
  const records = map.get(key);
  records?.delete(record);
  if (records?.size === 0) map.delete(key);
}

function firstAtLeast(sorted: readonly string[], wanted: string): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sorted[middle] ?? "") < wanted) low = middle + 1;
    else high = middle;
  }
  return low;
}
