/** A directory with one entry for each container, in which engines keep what they know. */
import { readdirSync } from "node:fs";
import { errnoName } from "#core/model/error.ts";
import { statEntry } from "./stat-path.ts";
import type { TreeWatch } from "./tree-watch.ts";

export interface EntryDirectoryOptions {
  readonly tree: TreeWatch;
  readonly directory: string;
  /** Directories in each entry whose changes are the entry's too; "" is the entry itself. */
  readonly inner: readonly string[];
  readonly isEntry?: (name: string) => boolean;
  /** It came or changed. */
  readonly onEntry: (name: string) => void;
  readonly onGone: (name: string) => void;
}

export class EntryDirectory implements Disposable {
  readonly #options: EntryDirectoryOptions;
  readonly #entries = new Map<string, readonly Disposable[]>();
  readonly #self: Disposable;

  constructor(options: EntryDirectoryOptions) {
    this.#options = options;
    const { tree, directory } = options;
    this.#self = tree.follow(directory, (name) => {
      // What is under way in one entry says nothing about the others.
      if (name === null) tree.later(directory, () => this.#scanAnew());
      else if (this.#isEntry(name)) tree.later(`${directory}/${name}`, () => this.#look(name));
    });
    this.#scan();
  }

  [Symbol.dispose](): void {
    this.#self[Symbol.dispose]();
    for (const name of [...this.#entries.keys()]) this.#leave(name);
  }

  #isEntry(name: string): boolean {
    return !name.startsWith(".") && (this.#options.isEntry?.(name) ?? true);
  }

  /** What it leads to may be another directory, with entries of the same names. */
  #scanAnew(): void {
    for (const [name, watches] of this.#entries) {
      for (const watch of watches) watch[Symbol.dispose]();
      this.#entries.set(name, this.#follow(name));
    }
    this.#scan();
  }

  #scan(): void {
    const names = new Set(namesIn(this.#options.directory).filter((name) => this.#isEntry(name)));
    for (const name of [...this.#entries.keys()]) if (!names.has(name)) this.#leave(name);
    for (const name of names) this.#enter(name);
  }

  #look(name: string): void {
    if (statEntry(`${this.#options.directory}/${name}`) !== null) this.#enter(name);
    else this.#leave(name);
  }

  #enter(name: string): void {
    if (!this.#entries.has(name)) this.#entries.set(name, this.#follow(name));
    this.#options.onEntry(name);
  }

  #follow(name: string): readonly Disposable[] {
    const { tree, directory, inner } = this.#options;
    const path = `${directory}/${name}`;
    const touch = () => tree.later(path, () => this.#look(name));
    return inner.map((below) => tree.follow(below === "" ? path : `${path}/${below}`, touch, "entry"));
  }

  #leave(name: string): void {
    const watches = this.#entries.get(name);
    if (watches === undefined) return;
    this.#entries.delete(name);
    for (const watch of watches) watch[Symbol.dispose]();
    this.#options.onGone(name);
  }
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch (thrown) {
    if (errnoName(thrown) === null) throw thrown;
    return [];
  }
}
