/** What a screen reader is told while a fixture is played: the journal beside the screen, on the same desk. */
import { createJournal, type Journal } from "#app/console/journal/journal.ts";
import type { Stage } from "./stage.ts";

export interface HearingOptions {
  readonly stage: Stage;
  readonly version: string;
  readonly onLine: (line: string) => void;
}

/** Of the journal, with what failed. */
const LAST_LINES = 24;

export class Hearing {
  readonly #options: HearingOptions;
  /** null: nobody listens. */
  #journal: Journal | null = null;
  #lines: readonly string[] = [];
  #said: string[] = [];

  constructor(options: HearingOptions) {
    this.#options = options;
  }

  /** The last of all. */
  get lines(): readonly string[] {
    return this.#lines;
  }

  /** Those of them since the last key or expectation. */
  get said(): readonly string[] {
    return this.#said;
  }

  open(): void {
    const { stage, version, onLine } = this.#options;
    this.#journal ??= createJournal({
      desk: stage.open.desk,
      version,
      say: (line) => {
        this.#said.push(line);
        this.#lines = [...this.#lines, line].slice(-LAST_LINES);
        onLine(line);
      },
    });
  }

  close(): void {
    this.#journal?.close();
    this.#journal = null;
  }

  /** What was said so far was looked at. */
  forget(): void {
    this.#said = [];
  }

  /** What is said next is the answer to this key; null: to something that has no name. */
  answer(key: string | null, act: () => void): void {
    this.forget();
    if (this.#journal) this.#journal.answer(key === null ? [] : [key], act);
    else act();
  }

  /** What is known is said now. */
  now(): void {
    this.#journal?.now();
  }
}
