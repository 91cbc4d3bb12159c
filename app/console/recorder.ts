/** What the console needs of whatever records it. */
import type { Severity } from "#core/model/event.ts";
import type { Size } from "./layout.ts";

export interface RecorderNews {
  readonly isRecording: boolean;
  readonly severity: Severity;
  readonly text: string;
}

export interface Recorder {
  readonly isRecording: boolean;
  /** Begins a recording, or ends the one under way. */
  toggle(): void;
  /** Writes the last minutes. */
  writeLast(): void;
  /** What the operator does. */
  pressed(key: string): void;
  pasted(text: string): void;
  resized(size: Size): void;
  /** What came of it is told here; the returned function ends that. */
  subscribe(listener: (news: RecorderNews) => void): () => void;
}
