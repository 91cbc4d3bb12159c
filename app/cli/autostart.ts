/** Starts the user's own service for a command: the same as `muster serve`, by the same program. */
import { MusterError } from "#core/model/error.ts";
import { selfCommand } from "./self-command.ts";
import type { Session } from "./session.ts";

/** `muster serve` ends with it when another start was quicker. */
const RUNS_ALREADY = 4;

/** False if one was started by somebody else meanwhile. Throws START_FAILED with what it said. */
export async function startService({ call, environment }: Session): Promise<boolean> {
  const config = call.invocation.options.has("config") ? ["--config", environment.configFile] : [];
  const child = Bun.spawn([...selfCommand(), "serve", "--quiet", ...config], {
    env: { ...call.variables },
    stdin: "ignore",
    stdout: "ignore",
    stderr: "pipe",
  });
  const said = await new Response(child.stderr).text();
  const exitCode = await child.exited;
  if (exitCode === 0) return true;
  if (exitCode === RUNS_ALREADY) return false;
  throw new MusterError("START_FAILED", `muster's service could not be started: ${said.trim()}`, {
    hint: "see what 'muster serve --foreground' says",
  });
}
