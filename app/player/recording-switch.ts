/**
 * Recording in the console: a file while the operator wants one, and the last minutes always, for a key, for SIGUSR1 and for
 * when the console breaks.
 */
import { chmodSync, existsSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Size } from "#app/console/layout.ts";
import type { Recorder, RecorderNews } from "#app/console/recorder.ts";
import { type Clock, timestamp } from "#core/model/clock.ts";
import type { Environment } from "#core/model/environment.ts";
import { errorRecord } from "#core/model/error.ts";
import type { Severity } from "#core/model/event.ts";
import { KIND_NAMES, type Kind } from "#core/model/kind-names.ts";
import { FlightRecorder, type FlightSummary } from "#core/playback/flight-recorder.ts";
import type { Header } from "#core/playback/header.ts";
import { Recording, type RecordingSummary } from "#core/playback/recording.ts";
import type { Redactor } from "#core/playback/redact.ts";
import { tapService } from "#core/playback/tap.ts";
import type { Service } from "#core/service/service.ts";

/** A recording that is wanted from the first frame on. */
export interface FirstRecording {
  readonly path: string;
  readonly isReplacing: boolean;
  readonly hasKeys: boolean;
  readonly kinds: readonly Kind[];
  readonly maxBytes: number | null;
  readonly forMs: number | null;
  readonly redactor: () => Redactor;
}

export interface RecordingSwitchOptions {
  readonly service: Service;
  readonly clock: Clock;
  /** For recordings that are not told where to go. */
  readonly directory: string;
  /** Of the screen: it can be another each time. */
  readonly header: () => Header;
  readonly redactor: () => Redactor;
  /** 0: nothing is kept. */
  readonly lastMs: number;
  readonly first?: FirstRecording;
}

export interface RecordingSwitch extends Recorder {
  /** What the console has to work on. */
  readonly service: Service;
  /** The console broke: the last minutes, at once. null if nothing is kept; throws if it cannot be written. */
  writeCrash(): FlightSummary | null;
  /** Ends what is under way; what came of the recording that was wanted from the first. */
  close(): Promise<RecordingSummary | null>;
}

const NOT_KEPT = "nothing is kept: --last 0 or --root says so";
const CRASH = "crash-";
/** A console that breaks again and again must not fill the disk; what somebody asked for is his to remove. */
const MOST_CRASHES = 10;
const KEPT_BYTES = 16 * 1024 * 1024;

/** Throws USAGE, PERMISSION_DENIED and OUTPUT if what is wanted from the first cannot be begun. */
export function createRecordingSwitch(options: RecordingSwitchOptions): RecordingSwitch {
  const { clock, lastMs, first } = options;
  const tap = tapService(options.service, clock);
  const listeners = new Set<(news: RecorderNews) => void>();
  let recording: Recording | null = null;
  let writing: Promise<unknown> = Promise.resolve();
  let firstSummary: RecordingSummary | null = null;

  const tell = (severity: Severity, text: string) => {
    for (const listener of listeners) listener({ isRecording: recording !== null, severity, text });
  };
  const begin = (path: string, more: Partial<FirstRecording>) => {
    const begun = Recording.begin({
      tap,
      clock,
      path,
      isReplacing: false,
      hasKeys: false,
      kinds: KIND_NAMES,
      maxBytes: null,
      ...more,
      redactor: (more.redactor ?? options.redactor)(),
      header: options.header(),
    });
    recording = begun;
    void begun.ended.then((summary) => {
      if (more === first) firstSummary = summary;
      if (recording === begun) recording = null;
      if (summary.error) tell("error", `the recording has ended: ${withHint(summary.error)}`);
      else tell("info", `recorded ${summary.records} records to ${summary.path}${why(summary)}`);
    });
    return begun;
  };
  const newPath = (name: string) => {
    makePrivate(options.directory);
    const time = timestamp(clock.wallMs()).replaceAll(/[-:]/g, "");
    return join(options.directory, `${name}${time}.muster.ndjson`);
  };
  const header = options.header();
  const flight =
    lastMs > 0
      ? new FlightRecorder({
          tap,
          clock,
          lastMs,
          maxBytes: KEPT_BYTES,
          header,
          redactor: options.redactor,
          kinds: KIND_NAMES,
          hasKeys: false,
        })
      : null;
  const cancelLimit =
    first && first.forMs !== null ? clock.setTimer(first.forMs, () => void recording?.stop("time")) : () => {};
  if (first) begin(first.path, first);

  return {
    service: tap.service,
    get isRecording() {
      return recording !== null;
    },
    toggle() {
      if (recording) return void recording.stop();
      try {
        const { path } = begin(newPath(""), {});
        tell("info", `recording to ${path}`);
      } catch (thrown) {
        tell("error", `cannot record: ${withHint(thrown)}`);
      }
    },
    writeLast() {
      if (!flight) return tell("info", first ? "all is in the recording: nothing else is kept" : NOT_KEPT);
      const write = async () => {
        const { path, elapsedMs } = await flight.write(newPath("last-"), false);
        tell("info", `wrote the last ${lengthOf(elapsedMs)} to ${path}`);
      };
      writing = Promise.all([
        writing,
        write().catch((thrown) => tell("error", `the last minutes: ${withHint(thrown)}`)),
      ]);
    },
    pressed: (key) => tap.did({ key }),
    pasted: (paste) => tap.did({ paste }),
    resized: ({ columns, rows }: Size) => tap.did({ resize: { cols: columns, rows } }),
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    writeCrash() {
      if (!flight) return null;
      const written = flight.writeNow(newPath(CRASH), "crash");
      forgetCrashes(options.directory);
      return written;
    },
    async close() {
      cancelLimit();
      await Promise.all([recording?.stop(), writing]);
      flight?.close();
      return firstSummary;
    },
  };
}

const withHint = (thrown: unknown) => {
  const { message, hint } = errorRecord(thrown);
  return hint === null ? message : `${message} - ${hint}`;
};

const why = ({ reason, lost }: RecordingSummary) => {
  const full = reason === "size" ? "; it is as large as it may be" : reason === "time" ? "; its time is over" : "";
  return lost > 0 ? `${full}; ${lost} are missing: the disk was too slow` : full;
};

const lengthOf = (ms: number) => (ms < 120_000 ? `${Math.round(ms / 1000)} s` : `${Math.round(ms / 60_000)} min`);

function makePrivate(directory: string): void {
  if (existsSync(directory)) return;
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  chmodSync(directory, 0o700);
}

function forgetCrashes(directory: string): void {
  const crashes = readdirSync(directory).filter((name) => name.startsWith(CRASH));
  for (const name of crashes.sort().slice(0, -MOST_CRASHES)) rmSync(join(directory, name), { force: true });
}

/**
 * Whoever has no state of his own does not get one by recording: with a state directory he would no longer be shown what
 * root's service says.
 */
export function recordingsDirectory({ stateDirectory }: Pick<Environment, "stateDirectory">): string {
  return existsSync(stateDirectory) ? join(stateDirectory, "recordings") : `${stateDirectory}-recordings`;
}
