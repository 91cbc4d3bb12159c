/** What of users' engines is not taken in, and why: told once of each user, and to whoever asks for what is not known. */
import { printable } from "./printable.ts";

/** Of those at a time; a user may have as many as he likes. */
const MOST_NAMED = 3;

export class LeftOut {
  readonly #tell: (text: string) => void;
  /** User -> path -> what of it is left out. */
  readonly #byOwner = new Map<number, Map<string, string>>();
  readonly #told = new Set<number>();

  constructor(tell: (text: string) => void) {
    this.#tell = tell;
  }

  /** null: nothing is any more. */
  set(owner: number, path: string, what: string | null): void {
    const paths = this.#byOwner.get(owner);
    if (what === null) {
      paths?.delete(path);
      if (paths?.size === 0) this.#byOwner.delete(owner);
      return;
    }
    if (paths) paths.set(path, what);
    else this.#byOwner.set(owner, new Map([[path, what]]));
    if (this.#told.has(owner)) return;
    this.#told.add(owner);
    this.#tell(`left out of uid ${owner}'s containers: ${describe(path, what)}`);
  }

  /** The user has left. */
  forget(owner: number): void {
    this.#byOwner.delete(owner);
  }

  /** null if all is taken in. */
  get summary(): string | null {
    const all = [...this.#byOwner].flatMap(([owner, paths]) => [...paths].map((entry) => [owner, ...entry] as const));
    if (all.length === 0) return null;
    const named = all.slice(0, MOST_NAMED).map(([owner, path, what]) => `uid ${owner}'s ${describe(path, what)}`);
    return `left out: ${named.join(", ")}${all.length > MOST_NAMED ? ` and ${all.length - MOST_NAMED} more` : ""}`;
  }

  get isEmpty(): boolean {
    return this.#byOwner.size === 0;
  }
}

/** The names are the user's. */
function describe(path: string, what: string): string {
  return `${printable(path)} (${what})`;
}
