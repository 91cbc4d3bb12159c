/** A directory with one entry for each container, in which engines keep what they know. */
import { type DirectoryNames, directoryNames } from "#ffi/directory-names.ts";
import { SysError } from "#ffi/sys-error.ts";
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
  /** More are left out, and come in as others go; `onCut` is told when there are, and when there are no longer. */
  readonly most?: number;
  readonly onCut?: (isCut: boolean) => void;
}

export class EntryDirectory implements Disposable {
  readonly #options: EntryDirectoryOptions;
  readonly #entries = new Map<string, readonly Disposable[]>();
  readonly #self: Disposable;
  #isCut = false;

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
    const names = new Set(this.#names());
    for (const name of [...this.#entries.keys()]) if (!names.has(name)) this.#leave(name);
    for (const name of names) this.#enter(name);
  }

  /** There is room for some that were left out. */
  #fill(): void {
    for (const name of this.#names()) if (!this.#entries.has(name)) this.#look(name);
  }

  #names(): string[] {
    const { names, isCut } = namesIn(this.#options.directory, this.#options.most);
    this.#setCut(isCut);
    return names.filter((name) => this.#isEntry(name));
  }

  #setCut(isCut: boolean): void {
    if (isCut !== this.#isCut) this.#options.onCut?.(isCut);
    this.#isCut = isCut;
  }

  #look(name: string): void {
    const { tree, directory, most = Number.POSITIVE_INFINITY } = this.#options;
    const isKnown = this.#entries.has(name);
    if (statEntry(`${directory}/${name}`) === null) {
      this.#leave(name);
      if (isKnown && this.#isCut) tree.later(`fill ${directory}`, () => this.#fill());
    } else if (isKnown || this.#entries.size < most) this.#enter(name);
    else this.#setCut(true);
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

function namesIn(directory: string, most?: number): DirectoryNames {
  try {
    return directoryNames(directory, most);
  } catch (thrown) {
    if (!(thrown instanceof SysError)) throw thrown;
    return { names: [], isCut: false };
  }
}
