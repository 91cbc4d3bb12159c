/** `muster` alone: the console. Colours are settled before Ink is loaded, for it and its chalk decide while loading. */

import { ERROR_CODES, MusterError } from "#core/model/error.ts";
import type { Header } from "#core/playback/header.ts";
import type { RecordingSummary } from "#core/playback/recording.ts";
import { type ColorLevel, colorLevel, isAsciiOnly } from "../color.ts";
import { type Call, fail, tell } from "../context.ts";
import { chooseProductionReact } from "../production-react.ts";
import type { RecordWish } from "../record-wish.ts";
import { newRequestId } from "../requests.ts";
import { wantsScreenReader } from "../screen-reader.ts";
import { isDumb, requireScreen, requireTerminal } from "../screen-terminal.ts";
import { openSoundSession } from "../session.ts";
import { writeError } from "../stdio.ts";
import { MUSTER_VERSION } from "../version.ts";

/** A minute more or less does not matter: what a bug report needs is what came before. */
const LAST_SECONDS = 600;

const NEEDS_TERMINAL = "the console needs a terminal on standard input and output";
const FOR_SCRIPTS = "use 'muster daemons list --json' in scripts, 'muster help' for all commands";

export function openConsole(call: Call): Promise<number> {
  return run(call, null);
}

/** The console, recorded from its first frame on. */
export function recordConsole(call: Call, wish: RecordWish): Promise<number> {
  return run(call, wish);
}

async function run(call: Call, wish: RecordWish | null): Promise<number> {
  const { options } = call.invocation;
  const isHeard = wantsScreenReader(options.has("screen-reader"), call.variables);
  if (call.isJson) throw new MusterError("NO_TERMINAL", NEEDS_TERMINAL, { hint: FOR_SCRIPTS });
  requireTerminal(NEEDS_TERMINAL, FOR_SCRIPTS);
  if (!isHeard) requireScreen(call.variables, "--screen-reader writes lines, 'muster daemons list' a table");
  const session = await openSoundSession(call);
  const level = colorLevel(options.text("color"), call.variables, true);
  const isAscii = isAsciiOnly(options.has("ascii"), call.variables);
  process.env.FORCE_COLOR = String(level);
  chooseProductionReact();
  const openOn = isHeard
    ? (await import("#app/console/run-journal.ts")).runJournal
    : (await import("#app/console/run.ts")).runConsole;
  const { openMovable } = await import("../connect.ts");
  const { createRecordingSwitch, recordingsDirectory } = await import("#app/player/recording-switch.ts");
  const { createRedactor } = await import("#core/playback/redact.ts");
  const service = await openMovable(session);
  try {
    const recorder = createRecordingSwitch({
      service,
      clock: call.clock,
      directory: recordingsDirectory(session.environment),
      header: () => headerOf(service.node, level, isAscii),
      redactor: () =>
        createRedactor({ take: [], keepsSecrets: false, key: crypto.getRandomValues(new Uint8Array(32)) }),
      // What --root shows has no state of its own.
      lastMs: session.root === null && wish === null ? (options.number("last") ?? LAST_SECONDS) * 1000 : 0,
      ...(wish && { first: wish }),
    });
    const onSignal = () => recorder.writeLast();
    process.on("SIGUSR1", onSignal);
    let code: number;
    let recorded: RecordingSummary | null;
    try {
      code = await openOn({
        service: recorder.service,
        clock: call.clock,
        theme: { colorLevel: level, isAscii, isMotionless: options.has("no-motion") },
        stdin: process.stdin,
        stdout: process.stdout,
        stderr: process.stderr,
        isDumb: isDumb(call.variables),
        version: MUSTER_VERSION,
        newRequestId: () => newRequestId(call),
        recorder,
      });
      if (code === ERROR_CODES.INTERNAL[0]) writeCrash(recorder);
    } finally {
      process.off("SIGUSR1", onSignal);
      recorded = await recorder.close();
    }
    if (recorded?.error) return fail(call, recorded.error);
    if (recorded) tell(call, `wrote ${recorded.path}: ${recorded.records} records, ${recorded.bytes} bytes`);
    return code;
  } finally {
    await service.close();
  }
}

function headerOf(host: string, level: ColorLevel, isAscii: boolean): Header {
  const colors = ["mono", "ansi16", "ansi256", "truecolor"] as const;
  const { columns: cols = 80, rows = 24 } = process.stdout;
  const term = { cols, rows, unicode: !isAscii, color: colors[level] };
  return { muster: 1, host, term, recordedBy: `muster ${MUSTER_VERSION}` };
}

/** What led to it is worth more than the trace of where it broke. */
function writeCrash(recorder: { writeCrash(): { readonly path: string } | null }): void {
  try {
    const written = recorder.writeCrash();
    if (written) writeError(`muster: what came before is in ${written.path}\n`);
  } catch (thrown) {
    writeError(`muster: what came before cannot be written: ${thrown instanceof Error ? thrown.message : thrown}\n`);
  }
}
