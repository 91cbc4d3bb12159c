/** `play FILE`: in the console on a terminal, or on a screen of its own for tests, programs and exports. */
import { statSync } from "node:fs";
import type { ThemeOptions } from "#app/console/skin.ts";
import type { Failure } from "#app/player/findings.ts";
import type { Listener } from "#app/player/listener.ts";
import { colorLevelOf } from "#app/player/look.ts";
import type { RehearsalOptions } from "#app/player/rehearsal.ts";
import { timestamp } from "#core/model/clock.ts";
import { counted } from "#core/model/counted.ts";
import { errorRecord, MusterError } from "#core/model/error.ts";
import { SCHEMA_VERSION } from "#core/output/document.ts";
import { jsonText } from "#core/output/text.ts";
import { Fixture } from "#core/playback/fixture.ts";
import { colorLevel, isAsciiOnly } from "../color.ts";
import { type Call, fail, tell, writeText } from "../context.ts";
import { placeIn } from "../fixture-places.ts";
import { watchInterrupts } from "../interrupt.ts";
import { writeNewFile } from "../new-file.ts";
import { usage } from "../option-values.ts";
import { chooseProductionReact } from "../production-react.ts";
import { wantsScreenReader } from "../screen-reader.ts";
import { requireScreen, requireTerminal } from "../screen-terminal.ts";
import { MUSTER_VERSION } from "../version.ts";

export async function play(call: Call): Promise<number> {
  const { words } = call.invocation;
  const fixture = Fixture.open(words[0] ?? "");
  try {
    return await played(call, fixture);
  } finally {
    // The terminal is its owner's again.
    for (const text of fixture.warnings) tell(call, `warning: ${text}`);
    fixture.close();
  }
}

async function played(call: Call, fixture: Fixture): Promise<number> {
  const stage = stageOf(call, fixture);
  const { options } = call.invocation;
  const isStagedHere = isStaged(call);
  if (options.has("screen-reader") && (call.isJson || options.has("export"))) {
    throw usage("--screen-reader does not fit --json and --export: it writes lines", "--screen-reader");
  }
  const isHeard = wantsScreenReader(options.has("screen-reader"), call.variables);
  for (const name of ["loop", "step"]) {
    if (options.has(name) && (isStagedHere || isHeard)) {
      throw usage(
        `--${name} is for who watches on a terminal: it does not fit --assert, --json and --export`,
        `--${name}`,
      );
    }
  }
  if (options.has("out") && !options.has("assert")) {
    throw usage("--out fits --assert: it says where to leave what led to a failure", "--out");
  }
  if (!isStagedHere && !isHeard) return await watchFixture(call, stage);
  process.env.FORCE_COLOR = String(stage.theme.colorLevel);
  chooseProductionReact();
  if (!isStagedHere) return await transcript(call, stage);
  const path = options.text("export");
  if (path !== null) return await exportCast(call, stage, path);
  if (call.isJson) return await stream(call, stage);
  return await test(call, stage);
}

const STAGED = ["assert", "update-golden", "export"];

const isStaged = (call: Call): boolean => call.isJson || STAGED.some((name) => call.invocation.options.has(name));

async function watchFixture(call: Call, stage: StageSetting): Promise<number> {
  const { options } = call.invocation;
  requireTerminal(
    "a fixture is watched on a terminal",
    "--assert and --json play it without one, --export writes what is drawn to a file",
  );
  requireScreen(call.variables, "--screen-reader writes lines, --assert and --json need no screen");
  if (options.has("size")) throw usage("--size fits --assert, --json and --export: a terminal has its own", "--size");
  const level = colorLevel(options.text("color"), call.variables, true);
  process.env.FORCE_COLOR = String(level);
  chooseProductionReact();
  const { watch } = await import("#app/player/watch.ts");
  const { fixture, hasKeys, from, to } = stage;
  const idleLimit = options.number("idle-limit");
  return watch({
    fixture,
    hasKeys,
    from,
    to,
    theme: { colorLevel: level, isAscii: isAsciiOnly(options.has("ascii"), call.variables), isMotionless: false },
    version: MUSTER_VERSION,
    speed: speedOf(options.text("speed")),
    isStepping: options.has("step"),
    isLooping: options.has("loop"),
    idleLimitMs: idleLimit === null ? null : idleLimit * 1000,
    placeOf: (text) => placeIn(fixture, text, "go to"),
    clock: call.clock,
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
  });
}

function speedOf(text: string | null): number {
  if (text === null) return 1;
  if (text === "max") return Number.POSITIVE_INFINITY;
  const speed = /^\d{1,3}(?:\.\d{1,3})?$/.test(text) ? Number(text) : Number.NaN;
  if (speed >= 0.25 && speed <= 64) return speed;
  throw usage(`--speed needs a number from 0.25 to 64, or max, not '${text}'`, "--speed");
}

interface StageSetting {
  readonly fixture: Fixture;
  readonly size: { readonly columns: number; readonly rows: number };
  readonly theme: ThemeOptions;
  readonly hasKeys: boolean;
  readonly from: number;
  readonly to: number;
}

/** What the command line says, else the fixture. */
function stageOf(call: Call, fixture: Fixture): StageSetting {
  const { options } = call.invocation;
  const { term } = fixture.header;
  const from = options.text("from");
  const to = options.text("to");
  return {
    fixture,
    size: sizeOf(options.text("size")) ?? { columns: term?.cols ?? 80, rows: term?.rows ?? 24 },
    theme: {
      colorLevel: options.has("color")
        ? colorLevel(options.text("color"), call.variables, false)
        : colorLevelOf(term?.color ?? "ansi16"),
      isAscii: options.has("ascii") || term?.unicode === false,
      isMotionless: false,
    },
    hasKeys: !options.has("no-keys"),
    from: from === null ? 0 : placeIn(fixture, from, "--from"),
    to: to === null ? fixture.length : placeIn(fixture, to, "--to"),
  };
}

function sizeOf(text: string | null) {
  if (text === null) return null;
  const match = /^(\d{1,4})x(\d{1,4})$/.exec(text);
  const [columns, rows] = [Number(match?.[1]), Number(match?.[2])];
  if (!match || columns < 1 || rows < 1 || columns > 1000 || rows > 1000) {
    throw usage(`--size needs columns and rows such as 80x24, not '${text}'`, "--size");
  }
  return { columns, rows };
}

async function rehearsal(
  call: Call,
  stage: StageSetting,
  listener: Listener,
  manner: Pick<RehearsalOptions, "isStrict" | "isEachDrawn" | "isHeard">,
) {
  const [{ rehearse }, { goldensOf }] = await Promise.all([
    import("#app/player/rehearsal.ts"),
    import("#app/player/golden.ts"),
  ]);
  const goldens = goldensOf(stage.fixture.path, call.invocation.options.has("update-golden"));
  const options = { ...stage, goldens, version: MUSTER_VERSION, listener, ...manner };
  const interrupts = watchInterrupts(call);
  try {
    const outcome = await rehearse(options);
    const signal = interrupts.received();
    if (signal !== null) throw new MusterError(signal === "SIGINT" ? "CANCELLED" : "INTERRUPTED", `ended by ${signal}`);
    return { outcome, goldens };
  } finally {
    interrupts.stop();
  }
}

async function test(call: Call, stage: StageSetting): Promise<number> {
  const { fixture } = stage;
  const isHeard = wantsScreenReader(call.invocation.options.has("screen-reader"), call.variables);
  const { outcome, goldens } = await rehearsal(call, stage, {}, { isStrict: true, isEachDrawn: false, isHeard });
  const { failureText } = await import("#app/player/failure-text.ts");
  const { momentText } = await import("#app/player/moment-text.ts");
  const [failure] = outcome.failures;
  if (failure) {
    await writeText(call, failureText(fixture, failure));
    await leave(call, stage, failure);
    return 1;
  }
  for (const file of goldens.written) tell(call, `kept ${file}`);
  const what = `${counted(fixture.length, "record")}, ${counted(outcome.checks, "expectation")}`;
  await writeText(call, `ok  ${fixture.path}: ${what}, ${momentText(fixture.durationMs)}\n`);
  return 0;
}

/** What the console says to a screen reader, as fast as it goes. */
async function transcript(call: Call, stage: StageSetting): Promise<number> {
  let waiting = "";
  const listener: Listener = {
    said: (line) => {
      waiting += `${line}\n`;
    },
    flush: async () => {
      const text = waiting;
      waiting = "";
      if (text !== "") await writeText(call, text);
    },
  };
  await rehearsal(call, stage, listener, { isStrict: false, isEachDrawn: false, isHeard: true });
  await listener.flush?.();
  return 0;
}

/** That they cannot be left is told, but what failed is what counts. */
async function leave(call: Call, stage: StageSetting, failure: Failure): Promise<void> {
  const directory = call.invocation.options.text("out");
  if (directory === null) return;
  const { leaveTraces } = await import("#app/player/traces.ts");
  try {
    for (const path of await leaveTraces({ ...stage, version: MUSTER_VERSION }, failure, directory)) {
      tell(call, `left ${path}`);
    }
  } catch (thrown) {
    fail(call, thrown);
  }
}

async function exportCast(call: Call, stage: StageSetting, path: string): Promise<number> {
  const { fixture, size } = stage;
  const { options } = call.invocation;
  const idleLimit = options.number("idle-limit");
  const { createCast } = await import("#app/player/cast.ts");
  const cast = createCast({
    version: options.text("cast-version") === "2" ? 2 : 3,
    size,
    header: fixture.header,
    startWallMs: fixture.startWallMs,
    idleLimitMs: idleLimit === null ? null : idleLimit * 1000,
  });
  if (isSameFile(path, fixture.path)) {
    throw usage("--export must not replace the fixture that is played", "--export", "another name: night.cast");
  }
  const failures = await writeNewFile(path, call.clock, async (take) => {
    const listener: Listener = { ...cast.listener, flush: () => take(cast.take()) };
    const isStrict = options.has("assert");
    const { outcome } = await rehearsal(call, stage, listener, { isStrict, isEachDrawn: true });
    cast.end(outcome.exitCode ?? 0, outcome.clock.nowMs());
    await take(cast.take());
    return isStrict ? outcome.failures : [];
  });
  const [failure] = failures;
  if (!failure) return 0;
  const { failureText } = await import("#app/player/failure-text.ts");
  await writeText(call, failureText(fixture, failure));
  await leave(call, stage, failure);
  return 1;
}

/** NDJSON: hello, then what happens as it happens, end. The times are the fixture's. */
async function stream(call: Call, stage: StageSetting): Promise<number> {
  const { fixture } = stage;
  let seq = 0;
  let waiting = "";
  const line = (type: string, atMs: number, fields: object) => {
    const head = seq === 0 ? { schema: SCHEMA_VERSION } : {};
    const t = timestamp(fixture.startWallMs + atMs);
    waiting += `${jsonText({ ...head, type, seq: seq++, t, ...fields }, false)}\n`;
  };
  const { KIND_NAMES } = await import("#core/model/kind-names.ts");
  line("hello", 0, { host: fixture.node, kinds: KIND_NAMES, intervalMs: null });
  const listener: Listener = {
    mark: (name, atMs) => line("mark", atMs, { name }),
    checked: (place, atMs, mismatches) =>
      line("expect", atMs, {
        file: place?.file ?? fixture.path,
        record: place?.record ?? null,
        line: place?.line ?? null,
        ok: mismatches.length === 0,
        mismatches,
      }),
    event: (event, atMs) => line("event", atMs, { event }),
    flush: async () => {
      const text = waiting;
      waiting = "";
      if (text !== "") await writeText(call, text);
    },
  };
  try {
    const { outcome } = await rehearsal(call, stage, listener, {
      isStrict: call.invocation.options.has("assert"),
      isEachDrawn: false,
    });
    const { digestOf } = await import("#core/playback/digest.ts");
    const { failures, checks, service, clock } = outcome;
    const exitCode = failures.length > 0 ? 1 : 0;
    for (const failure of failures.slice(0, 1)) await leave(call, stage, failure);
    const digest = digestOf(service.snapshot());
    line("end", clock.nowMs(), {
      reason: exitCode === 0 ? "end" : "failed",
      exitCode,
      records: fixture.length,
      checks,
      failures: failures.length,
      digest,
    });
    await listener.flush?.();
    return exitCode;
  } catch (thrown) {
    line("error", 0, { error: errorRecord(thrown), fatal: true });
    const code = fail(call, thrown);
    line("end", 0, { reason: "error", exitCode: code });
    await listener.flush?.();
    return code;
  }
}

function isSameFile(one: string, other: string): boolean {
  const [a, b] = [one, other].map((path) => statSync(path, { throwIfNoEntry: false }));
  return a !== undefined && b !== undefined && a.ino === b.ino && a.dev === b.dev;
}
