/** What a test is told, in its order, and the wait for what is still to come. */
export class Told<T> {
  readonly all: T[] = [];
  readonly #wakes = new Set<() => void>();

  push(...items: readonly T[]): void {
    this.all.push(...items);
    this.wake();
  }

  /** The first that fits, of those that were and those to come. */
  async until<R>(find: (item: T) => R | null): Promise<R> {
    let next = 0;
    return await this.when(() => {
      for (; next < this.all.length; next++) {
        const found = find(this.all[next] as T);
        if (found !== null) return found;
      }
      return null;
    });
  }

  /** What `look` finds, asked again whenever something has come. */
  async when<R>(look: () => R | null): Promise<R> {
    for (;;) {
      const found = look();
      if (found !== null) return found;
      await new Promise<void>((resolve) => this.#wakes.add(resolve));
    }
  }

  /** Something else than this has changed. */
  wake(): void {
    const wakes = [...this.#wakes];
    this.#wakes.clear();
    for (const wake of wakes) wake();
  }
}
