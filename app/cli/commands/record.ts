/** `record FILE`: what the service says, until it is told to end. */
import { accessSync, constants, existsSync } from "node:fs";
import { dirname } from "node:path";
import { timestamp } from "#core/model/clock.ts";
import { MusterError, toMusterError } from "#core/model/error.ts";
import type { Kind } from "#core/model/kind-names.ts";
import { plainDocument } from "#core/output/document.ts";
import { FlightRecorder, type FlightSummary } from "#core/playback/flight-recorder.ts";
import type { Header } from "#core/playback/header.ts";
import { Recording } from "#core/playback/recording.ts";
import { type Tap, tapService } from "#core/playback/tap.ts";
import type { Service } from "#core/service/service.ts";
import { type Call, fail, tell } from "../context.ts";
import { watchInterrupts } from "../interrupt.ts";
import { usage } from "../option-values.ts";
import { type RecordWish, recordWish } from "../record-wish.ts";
import { openSoundSession, origin, type Session, withService, writeDocument } from "../session.ts";
import { MUSTER_VERSION } from "../version.ts";

export async function record(call: Call): Promise<number> {
  const wish = recordWish(call.invocation.words[0] ?? "", call.invocation.options);
  if (wish.hasKeys) return (await import("./console.ts")).recordConsole(call, wish);
  const session = await openSoundSession(call);
  return withService(session, "watch", (service) => recordService(session, service, wish), { kinds: wish.kinds });
}

/** A service that has just begun is given so long to read everything once. */
const FIRST_LOOK_MS = 3000;
const KEPT_BYTES = 64 * 1024 * 1024;

interface Written {
  readonly path: string;
  readonly reason: string;
  readonly records: number;
  readonly bytes: number;
  readonly elapsedMs: number;
  readonly lost: number;
}

async function recordService(session: Session, service: Service, wish: RecordWish): Promise<number> {
  const { call } = session;
  const interrupts = watchInterrupts(call);
  try {
    await firstLook(service, wish.kinds, call, interrupts.signal);
    const tap = tapService(service, call.clock);
    const over = limit(call, wish.forMs, interrupts.signal);
    const header: Header = { muster: 1, host: service.node, recordedBy: `muster ${MUSTER_VERSION}` };
    const keeping = wish.lastMs === null ? null : { ...wish, lastMs: wish.lastMs };
    const { written, flights, error } = keeping
      ? await keepLast(call, tap, header, keeping, over)
      : await recordAll(call, tap, header, wish, over);
    tell(call, sentenceOf(written));
    if (call.isJson) await writeDocument(call, documentOf(session, written, flights, wish));
    return error === null ? 0 : fail(call, error);
  } finally {
    interrupts.stop();
  }
}

interface Outcome {
  readonly written: Written;
  readonly flights: readonly FlightSummary[];
  readonly error: MusterError | null;
}

async function recordAll(
  call: Call,
  tap: Tap,
  header: Header,
  wish: RecordWish,
  over: Promise<"time" | "stopped">,
): Promise<Outcome> {
  const { clock } = call;
  const recording = Recording.begin({ ...wish, tap, clock, header, redactor: wish.redactor() });
  tell(call, `recording to ${wish.path}; Ctrl-C ends it`);
  void over.then((reason) => recording.stop(reason));
  const { error, ...written } = await recording.ended;
  return { written, flights: [], error };
}

async function keepLast(
  call: Call,
  tap: Tap,
  header: Header,
  wish: RecordWish & { readonly lastMs: number },
  over: Promise<"time" | "stopped">,
): Promise<Outcome> {
  refuseEarly(wish);
  const { clock } = call;
  const recorder = new FlightRecorder({ ...wish, tap, clock, header, maxBytes: wish.maxBytes ?? KEPT_BYTES });
  const flights: FlightSummary[] = [];
  let writing = Promise.resolve();
  const onSignal = () => {
    writing = writing.then(async () => {
      try {
        const flight = await recorder.write(dated(wish.path, clock.wallMs()), false);
        flights.push(flight);
        tell(call, sentenceOf(flight));
      } catch (thrown) {
        fail(call, thrown);
      }
    });
  };
  process.on("SIGUSR1", onSignal);
  try {
    // Not before the signal is heard: of itself it ends a process.
    tell(call, `keeping the last ${wish.lastMs / 1000} s for ${wish.path}; SIGUSR1 writes them now, Ctrl-C at the end`);
    const reason = await over;
    await writing;
    return {
      written: { ...(await recorder.write(wish.path, wish.isReplacing)), reason, lost: 0 },
      flights,
      error: null,
    };
  } finally {
    process.off("SIGUSR1", onSignal);
    recorder.close();
  }
}

/** What would fail at the end is told at the beginning. */
function refuseEarly({ path, isReplacing }: RecordWish): void {
  if (!isReplacing && existsSync(path))
    throw usage(`${path} exists already`, path, "another name, or --force to replace it");
  try {
    accessSync(dirname(path), constants.W_OK);
  } catch (thrown) {
    const { errno, code } = toMusterError(thrown, path);
    const errorCode = code === "PERMISSION_DENIED" ? code : "OUTPUT";
    throw new MusterError(errorCode, `cannot write ${path}: ${errno ?? "its directory"}`, { target: path, errno });
  }
}

/** `night.muster.ndjson` -> `night.20261121T030000.123Z.muster.ndjson` */
function dated(path: string, wallMs: number): string {
  const time = timestamp(wallMs).replaceAll(/[-:]/g, "");
  const slash = path.lastIndexOf("/") + 1;
  const dot = path.indexOf(".", slash + 1);
  return dot < 0 ? `${path}.${time}` : `${path.slice(0, dot)}.${time}${path.slice(dot)}`;
}

/** Resolves when all kinds have been read once, as far as they can be. */
async function firstLook(service: Service, kinds: readonly Kind[], call: Call, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const look = () => {
    const { shelves } = service.snapshot();
    if (kinds.every((kind) => shelves[kind].status !== "loading")) resolve();
  };
  const unsubscribe = service.subscribe(kinds, look);
  const cancel = call.clock.setTimer(FIRST_LOOK_MS, resolve);
  signal.addEventListener("abort", () => resolve(), { once: true });
  look();
  await promise;
  cancel();
  unsubscribe();
}

function limit({ clock }: Call, forMs: number | null, signal: AbortSignal): Promise<"time" | "stopped"> {
  const { promise, resolve } = Promise.withResolvers<"time" | "stopped">();
  const cancel = forMs === null ? () => {} : clock.setTimer(forMs, () => resolve("time"));
  const stop = () => {
    cancel();
    resolve("stopped");
  };
  if (signal.aborted) stop();
  else signal.addEventListener("abort", stop, { once: true });
  return promise;
}

const REASONS: Readonly<Record<string, string>> = { size: " (--max-size is reached)", error: " (it cannot go on)" };

function sentenceOf({ path, records, bytes, elapsedMs, ...more }: FlightSummary & Partial<Written>): string {
  const lost = more.lost ? `; ${more.lost} records are missing: the disk was too slow` : "";
  const seconds = (elapsedMs / 1000).toFixed(1);
  return `wrote ${path}: ${records} records, ${bytes} bytes, ${seconds} s${REASONS[more.reason ?? ""] ?? ""}${lost}`;
}

function documentOf(session: Session, written: Written, flights: readonly FlightSummary[], wish: RecordWish): object {
  const { elapsedMs, ...rest } = written;
  return plainDocument("Recording", origin(session), {
    ...rest,
    elapsedSeconds: elapsedMs / 1000,
    kinds: wish.kinds,
    redacted: wish.redactor().removed,
    flights: flights.map(({ elapsedMs: ms, ...flight }) => ({ ...flight, elapsedSeconds: ms / 1000 })),
  });
}
