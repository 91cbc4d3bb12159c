/** Gathers what came in one turn of the loop, so that a thousand exits cost one transaction and not a thousand. */

export class ExitReporter<Report> {
  readonly #look: (keys: ReadonlySet<number>) => ReadonlyMap<number, Report>;
  readonly #report: (batch: ReadonlyMap<number, Report>) => void;
  #touched = new Set<number>();
  #isClosed = false;

  constructor(
    look: (keys: ReadonlySet<number>) => ReadonlyMap<number, Report>,
    report: (batch: ReadonlyMap<number, Report>) => void,
  ) {
    this.#look = look;
    this.#report = report;
  }

  /** It is looked at when everything that came with it is known too. */
  touch(key: number): void {
    if (this.#touched.size === 0) queueMicrotask(() => this.#flush());
    this.#touched.add(key);
  }

  close(): void {
    this.#isClosed = true;
  }

  #flush(): void {
    const touched = this.#touched;
    this.#touched = new Set();
    if (this.#isClosed) return;
    const batch = this.#look(touched);
    if (batch.size > 0) this.#report(batch);
  }
}
