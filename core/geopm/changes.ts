/**
 * That something happened to endpoints, told by the kernel (inotify(7)): one was made or removed, somebody opened a region
 * to attach, or let go of one, be it by detaching or by dying. What it was, a listing tells. New values are no event.
 */
import { DirectoryWatch, INOTIFY } from "#ffi/inotify.ts";
import { SysError } from "#ffi/sys-error.ts";
import { POLICY_SUFFIX, SAMPLE_SUFFIX } from "./layout.ts";

const COMING_AND_GOING = INOTIFY.CREATE | INOTIFY.DELETE | INOTIFY.MOVED_FROM | INOTIFY.MOVED_TO;
const USE = INOTIFY.OPEN | INOTIFY.CLOSE_WRITE | INOTIFY.ATTRIB | INOTIFY.DELETE_SELF;

export class EndpointChanges implements Disposable {
  readonly #watch: DirectoryWatch;
  readonly #regions = new Set<string>();
  readonly #directories: ReadonlySet<string>;

  /** Directories that are not there are left out; `onChange` is called once for what comes together. */
  constructor(directories: readonly string[], onChange: () => void) {
    this.#watch = new DirectoryWatch((events) => {
      if (events.some(({ directory, name }) => this.#regions.has(directory) || this.#isRegion(directory, name)))
        onChange();
    }, onChange);
    this.#directories = new Set(directories.filter((directory) => this.#add(directory, COMING_AND_GOING)));
  }

  /** From now on the regions of these endpoints, and no others, are watched too. Listing them needs one RegionFiles. */
  follow(names: Iterable<string>): void {
    const wanted = new Set([...names].flatMap((name) => [`${name}${POLICY_SUFFIX}`, `${name}${SAMPLE_SUFFIX}`]));
    for (const path of this.#regions) {
      if (wanted.has(path)) continue;
      this.#watch.remove(path);
      this.#regions.delete(path);
    }
    // Again for those that are watched already: the file of that name may be another one by now.
    for (const path of wanted) if (this.#add(path, USE)) this.#regions.add(path);
  }

  [Symbol.dispose](): void {
    this.#watch.close();
  }

  #isRegion(directory: string, name: string): boolean {
    return this.#directories.has(directory) && (name.endsWith(POLICY_SUFFIX) || name.endsWith(SAMPLE_SUFFIX));
  }

  #add(path: string, mask: number): boolean {
    try {
      this.#watch.add(path, mask);
      return true;
    } catch (thrown) {
      // Gone, forbidden, or no watch left: then its changes are not told.
      if (thrown instanceof SysError) return false;
      throw thrown;
    }
  }
}
