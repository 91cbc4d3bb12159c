/** `muster` alone: the console. Colours are settled before Ink is loaded, for it and its chalk decide while loading. */
import { MusterError } from "#core/model/error.ts";
import { colorLevel, isAsciiOnly } from "../color.ts";
import type { Call } from "../context.ts";
import { chooseProductionReact } from "../production-react.ts";
import { requestId } from "../request-id.ts";
import { openSoundSession } from "../session.ts";
import { isTerminal } from "../stdio.ts";
import { MUSTER_VERSION } from "../version.ts";

export async function openConsole(call: Call): Promise<number> {
  const { options } = call.invocation;
  if (call.isJson || !isTerminal(0) || !isTerminal(1)) {
    throw new MusterError("NO_TERMINAL", "the console needs a terminal on standard input and output", {
      hint: "use 'muster daemons list --json' in scripts, 'muster help' for all commands",
    });
  }
  const session = await openSoundSession(call);
  const level = colorLevel(options.text("color"), call.variables, true);
  process.env.FORCE_COLOR = String(level);
  chooseProductionReact();
  const { runConsole } = await import("#app/console/run.ts");
  const { openMovable } = await import("../connect.ts");
  const service = await openMovable(session);
  try {
    return await runConsole({
      service,
      clock: call.clock,
      theme: {
        colorLevel: level,
        isAscii: isAsciiOnly(options.has("ascii"), call.variables),
        isMotionless: options.has("no-motion"),
      },
      stdin: process.stdin,
      stdout: process.stdout,
      stderr: process.stderr,
      version: MUSTER_VERSION,
      newRequestId: () => requestId(call.clock.wallMs(), (bytes) => crypto.getRandomValues(bytes)),
    });
  } finally {
    await service.close();
  }
}
