/**
 * Podman, and CRI-O, which keeps the same storage: `containers.json` tells ids and names of all, `ID/userdata/pidfile` below
 * the run directory the first process. The pid file stays when a container stops.
 */
import { basename, dirname, join } from "node:path";
import type { ContainerRecord } from "../container.ts";
import type { EngineHost } from "../container-index.ts";
import { EntryDirectory } from "../entry-directory.ts";
import { objectOf, parseArray, parseObject, textOf, textsOf } from "../json.ts";
import { entryBounds, readPidFile, type StateSource, tooMany } from "../state-file.ts";

export interface PodmanStorage {
  readonly dataDirectory: string;
  readonly runDirectory: string;
  readonly source: StateSource;
}

/** The second one has those that do not outlive the machine; newer versions keep it below the run directory. */
const LISTS = ["containers.json", "volatile-containers.json"] as const;

/** Podman gives one name, CRI-O two or three. */
const MOST_NAMES = 16;

export function watchPodman(host: EngineHost, storage: PodmanStorage): Disposable {
  return new Podman(host, storage);
}

interface Listed {
  readonly names: readonly string[];
  readonly image: string | null;
}

class Podman implements Disposable {
  readonly #host: EngineHost;
  readonly #storage: PodmanStorage;
  readonly #watches = new DisposableStack();
  readonly #lists = new Map<string, ReadonlyMap<string, Listed>>();

  constructor(host: EngineHost, storage: PodmanStorage) {
    this.#host = host;
    this.#storage = storage;
    const { dataDirectory, runDirectory, source } = storage;
    const paths = [join(dataDirectory, LISTS[0]), join(runDirectory, LISTS[1])];
    for (const path of paths) {
      const directory = dirname(path);
      const reread = () => host.tree.later(path, () => this.#readList(path));
      this.#watches.use(
        host.tree.follow(directory, (name) => {
          if (name === null || name === basename(path)) reread();
        }),
      );
    }
    this.#watches.use(
      new EntryDirectory({
        tree: host.tree,
        directory: runDirectory,
        inner: ["userdata"],
        isEntry: (name) => /^[0-9a-f]+$/.test(name),
        onEntry: (id) => this.#tell(id),
        onGone: (id) => this.#tell(id),
        ...entryBounds(source, runDirectory),
      }),
    );
    for (const path of paths) this.#readList(path);
  }

  [Symbol.dispose](): void {
    this.#watches.dispose();
    for (const list of this.#lists.values()) for (const id of list.keys()) this.#forget(id);
    this.#lists.clear();
  }

  #readList(path: string): void {
    const known = this.#lists.get(path) ?? new Map<string, Listed>();
    const { source } = this.#storage;
    const file = source.read(path);
    const all = file === null ? new Map<string, Listed>() : parsePodmanList(file.text);
    // Half-written: what was known holds until the rest has come.
    if (all === null) return;
    if (all.size > source.mostEntries) source.leaveOut(path, tooMany(source));
    const list = new Map(all.entries().take(source.mostEntries));
    this.#lists.set(path, list);
    for (const id of known.keys()) if (!this.#listed(id)) this.#forget(id);
    for (const id of list.keys()) this.#tell(id);
  }

  #listed(id: string): Listed | undefined {
    for (const list of this.#lists.values()) {
      const listed = list.get(id);
      if (listed) return listed;
    }
    return undefined;
  }

  #tell(id: string): void {
    const listed = this.#listed(id);
    if (!listed) return;
    const file = readPidFile(`${this.#storage.runDirectory}/${id}/userdata/pidfile`);
    const record: ContainerRecord = {
      engine: "podman",
      id,
      names: listed.names,
      owner: this.#storage.source.owner,
      pid: file?.pid ?? null,
      startTicks: null,
      writtenAtMs: file?.modifiedMs ?? 0,
      state: file === null ? "created" : "running",
      image: listed.image,
      labels: {},
    };
    this.#host.upsert(record);
  }

  #forget(id: string): void {
    this.#host.remove({ engine: "podman", owner: this.#storage.source.owner, id });
  }
}

/** null for what is no JSON array. */
export function parsePodmanList(text: string): Map<string, Listed> | null {
  const entries = parseArray(text);
  if (entries === null) return null;
  const list = new Map<string, Listed>();
  for (const entry of entries.map(objectOf)) {
    const id = textOf(entry?.id);
    if (entry === null || id === null || !/^[0-9a-f]{1,128}$/.test(id)) continue;
    const metadata = parseObject(textOf(entry.metadata) ?? "");
    list.set(id, {
      names: textsOf(entry.names).slice(0, MOST_NAMES),
      image: textOf(metadata?.["image-name"]) ?? textOf(entry.image),
    });
  }
  return list;
}
