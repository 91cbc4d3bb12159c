/** What whoever looks on at a rehearsal is told, as it happens. */
import type { Size } from "#app/console/layout.ts";
import type { MusterEvent } from "#core/model/event.ts";
import type { Place } from "#core/playback/read-record.ts";
import type { Mismatch } from "./check.ts";

export interface Listener {
  mark?(name: string, atMs: number): void;
  resize?(size: Size, atMs: number): void;
  checked?(place: Place | null, atMs: number, found: readonly Mismatch[]): void;
  /** What happened, and what was asked for and came of it. */
  event?(event: MusterEvent, atMs: number): void;
  /** Between two records. */
  flush?(): Promise<void>;
  /** What a screen reader is told, line by line. */
  said?(line: string, atMs: number): void;
  /** Everything that is drawn, with the time of the fixture. */
  written?(text: string, atMs: number): void;
}
