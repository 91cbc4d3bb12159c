/** argv -> command -> exit code. Every failure ends here, as one message and one code. */
import { type Context, fail, type Handler, makeCall } from "./context.ts";
import { actionHandler, HANDLERS } from "./handlers.ts";
import { usage } from "./option-values.ts";
import { checkCompleteness, type Invocation, parseCommandLine, wantsJson } from "./parse.ts";
import { ReaderGone } from "./stdio.ts";

/** What the process is, as main.ts found it. */
export interface Edge extends Omit<Context, "isJson"> {
  readonly argv: readonly string[];
}

export async function run(edge: Edge): Promise<number> {
  const context: Context = { ...edge, isJson: wantsJson(edge.argv, edge.variables) };
  try {
    const invocation = parseCommandLine(edge.argv);
    const call = makeCall(context, invocation);
    const handle = await handlerOf(invocation);
    return await handle(call);
  } catch (thrown) {
    return thrown instanceof ReaderGone ? 0 : fail(context, thrown);
  }
}

async function handlerOf(invocation: Invocation): Promise<Handler> {
  const { command, options } = invocation;
  if (options.has("help")) return (await import("./commands/help.ts")).help;
  if (options.has("version")) return (await import("./commands/version.ts")).version;
  checkCompleteness(invocation);
  if (options.text("json") !== null && !command.takesFields) {
    throw usage(`--json=FIELDS does not fit ${command.name || "muster"}: use --json`, "--json");
  }
  const load = HANDLERS[command.name];
  if (load) return load();
  if (command.action) return actionHandler();
  throw new Error(`no handler for '${command.name}'`);
}
