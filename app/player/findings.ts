/** What was not as expected, in the order it was found. */
import type { Fixture } from "#core/playback/fixture.ts";
import type { Place } from "#core/playback/read-record.ts";
import type { Script } from "#core/playback/script.ts";
import type { Mismatch } from "./check.ts";
import type { Listener } from "./listener.ts";

export interface Failure {
  /** null: about the fixture as a whole. */
  readonly place: Place | null;
  readonly index: number;
  readonly atMs: number;
  readonly mismatches: readonly Mismatch[];
  readonly lines: readonly string[];
}

export interface FindingsOptions {
  readonly fixture: Fixture;
  readonly script: Script;
  readonly listener: Listener | undefined;
  /** What can be seen or was heard last: a failure is told with it. */
  readonly lines: () => readonly string[];
}

export class Findings {
  readonly #options: FindingsOptions;
  readonly #failures: Failure[] = [];
  #checks = 0;
  /** Failures of the script that were taken over. */
  #known = 0;

  constructor(options: FindingsOptions) {
    this.#options = options;
  }

  get failures(): readonly Failure[] {
    return this.#failures;
  }

  get checks(): number {
    return this.#checks;
  }

  /** Of an expectation, whatever came of it. */
  checked(place: Place, index: number, found: readonly Mismatch[]): void {
    const { fixture, listener } = this.#options;
    this.#checks++;
    if (found.length === 0) listener?.checked?.(place, fixture.atMs(index), found);
    else this.fail(place, index, found);
  }

  fail(place: Place | null, index: number, mismatches: readonly Mismatch[]): void {
    const { fixture, listener, lines } = this.#options;
    const atMs = fixture.atMs(index);
    listener?.checked?.(place, atMs, mismatches);
    this.#failures.push({ place, index, atMs, mismatches, lines: lines() });
  }

  /** What was asked for that no effect answers. */
  takeScriptFailures(index: number): void {
    const { script, fixture } = this.#options;
    for (const { place, message } of script.failures.slice(this.#known)) {
      const wanted = "an effect record that fits, at this moment";
      this.fail(place ?? fixture.placeOf(index), index, [{ what: "effect", wanted, got: message }]);
    }
    this.#known = script.failures.length;
  }
}
