/** Group record: what a recording costs the service that is recorded, at 1,000 events a second. */
import { join } from "node:path";
import { systemClock } from "#app/cli/system-clock.ts";
import { KIND_NAMES } from "#core/model/kind-names.ts";
import { FlightRecorder } from "#core/playback/flight-recorder.ts";
import { Recording } from "#core/playback/recording.ts";
import { createRedactor, type Redaction } from "#core/playback/redact.ts";
import { type Tap, tapService } from "#core/playback/tap.ts";
import { Publisher } from "#core/service/publisher.ts";
import type { Service } from "#core/service/service.ts";
import { member } from "#test/harness/items.ts";
import { type Bench, count } from "./bench.ts";
import { cpuMs } from "./clocks.ts";
import { median } from "./figures.ts";
import { figure } from "./rows.ts";
import { inTurns } from "./turns.ts";

const MEMBERS = 1000;
const A_SECOND = 1000;
const BATCH_MS = 10;
const HEADER = { muster: 1, host: "n1", recordedBy: "muster bench" } as const;

export async function record(bench: Bench): Promise<void> {
  const directory = bench.keeper.directory();
  const windowMs = count(bench, 5000, 500);
  let files = 0;
  const file = (suffix: string, take: readonly Redaction[]) => () =>
    busy(windowMs, (tap) => {
      const recording = Recording.begin({
        tap,
        clock: systemClock,
        path: join(directory, `${files++}.muster.ndjson${suffix}`),
        isReplacing: false,
        header: HEADER,
        redactor: redactor(take),
        kinds: KIND_NAMES,
        hasKeys: false,
        maxBytes: null,
      });
      return () => recording.stop();
    });
  const last = () =>
    busy(windowMs, (tap) => {
      const recorder = new FlightRecorder({
        tap,
        clock: systemClock,
        lastMs: 600_000,
        maxBytes: 16 * 1024 * 1024,
        header: HEADER,
        redactor: () => redactor([]),
        kinds: KIND_NAMES,
        hasKeys: false,
      });
      return async () => recorder.close();
    });
  const { nothing, plain, packed, redacted, kept } = await inTurns(count(bench, 7, 2), 1, {
    nothing: () => busy(windowMs, () => async () => {}),
    plain: file("", []),
    packed: file(".gz", []),
    redacted: file("", ["argv", "hosts", "users"]),
    kept: last,
  });
  const more = (samples: readonly number[]) => median(samples.map((sample, round) => sample - (nothing[round] ?? 0)));
  bench.add(figure("CPU of a service, 1,000 events a second, not recorded", "%", median(nothing)));
  bench.add(figure("... more while it is recorded", "%", more(plain), { most: 2 }));
  bench.add(figure("... more, packed (.gz)", "%", more(packed), { most: 2 }));
  bench.add(figure("... more, --redact argv,hosts,users", "%", more(redacted), { most: 2 }));
  bench.add(figure("... more for the last minutes in memory", "%", more(kept), { most: 2 }));
}

const redactor = (take: readonly Redaction[]) =>
  createRedactor({ take, keepsSecrets: false, key: crypto.getRandomValues(new Uint8Array(32)) });

/** CPU time of this process in percent of one core while events come, the last write of a recording included. */
async function busy(windowMs: number, record: (tap: Tap) => () => Promise<unknown>): Promise<number> {
  const publisher = new Publisher("n1", systemClock);
  const items = Array.from({ length: MEMBERS }, (_, index) =>
    member("batch", 1000 + index, {
      argv: `/usr/bin/worker --queue batch --number ${index} --log /var/log/worker`,
    }),
  );
  publisher.publish({ src: "members", op: "reset", items });
  publisher.flush();
  const stop = record(tapService(serviceOf(publisher), systemClock));
  Bun.gc(true);
  const begunMs = systemClock.nowMs();
  const begunCpuMs = cpuMs(process.pid);
  await new Promise<void>((resolve) => {
    let sent = 0;
    const timer = setInterval(() => {
      const elapsedMs = systemClock.nowMs() - begunMs;
      for (; sent < (elapsedMs * A_SECOND) / 1000; sent++) {
        const item = items[sent % MEMBERS];
        if (item) publisher.publish({ src: "members", op: "upsert", item: { ...item, state: `step ${sent}` } });
      }
      if (elapsedMs < windowMs) return;
      clearInterval(timer);
      resolve();
    }, BATCH_MS);
  });
  await stop();
  const percent = ((cpuMs(process.pid) - begunCpuMs) / (systemClock.nowMs() - begunMs)) * 100;
  publisher.close();
  return percent;
}

function serviceOf(publisher: Publisher): Service {
  const none = () => Promise.reject(new Error("nothing is asked for here"));
  return {
    node: "n1",
    isReadOnly: true,
    snapshot: () => publisher.snapshot(),
    subscribe: (kinds, listener) => publisher.subscribe(kinds, listener),
    invoke: none,
    events: none,
    attend() {},
    refresh: none,
    close: async () => {},
  };
}
