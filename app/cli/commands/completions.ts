/** `completions SHELL` */
import { plainDocument } from "#core/output/document.ts";
import { SHELLS } from "../completions/table.ts";
import { completionScript } from "../completions.ts";
import { type Call, writeText } from "../context.ts";
import { usage } from "../option-values.ts";
import { writeDocument } from "../session.ts";
import { didYouMean } from "../suggest.ts";
import { aboutMuster } from "./version.ts";

export async function writeCompletions(call: Call): Promise<number> {
  const [word = ""] = call.invocation.words;
  const shell = SHELLS.find((candidate) => candidate === word);
  if (!shell) {
    throw usage(`no completions for '${word}'`, word, didYouMean(word, SHELLS) ?? `shells: ${SHELLS.join(", ")}`);
  }
  const script = completionScript(shell);
  if (call.isJson) await writeDocument(call, plainDocument("Completions", aboutMuster(call), { shell, script }));
  else await writeText(call, script);
  return 0;
}
