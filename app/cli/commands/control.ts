/** `daemons control` behind global options; without them main.ts takes a shorter way to the same place. */
import { resolve } from "node:path";
import { MusterError } from "#core/model/error.ts";
import type { Call } from "../context.ts";
import { control } from "../control.ts";

export async function controlDaemon(call: Call): Promise<number> {
  const { options, words } = call.invocation;
  if (options.has("root")) {
    throw new MusterError("UNSUPPORTED", "with --root nothing is changed, so there is nothing to control");
  }
  const configFile = options.text("config");
  return control(words, {
    variables: call.variables,
    isReadOnly: options.has("read-only"),
    configFile: configFile === null ? null : resolve(configFile),
  });
}
