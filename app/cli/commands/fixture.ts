/** `fixture fmt|lint|cut|redact`: what authors of fixtures need. */
import { randomBytes } from "node:crypto";
import { MusterError } from "#core/model/error.ts";
import { plainDocument } from "#core/output/document.ts";
import { safeJson, visible } from "#core/output/text.ts";
import { cut } from "#core/playback/cut.ts";
import { Fixture } from "#core/playback/fixture.ts";
import { lint } from "#core/playback/lint.ts";
import type { Setting } from "#core/playback/record.ts";
import { createRedactor, REDACTIONS, type Redactor } from "#core/playback/redact.ts";
import { FORMATTED, rewritten } from "#core/playback/rewrite.ts";
import { type Call, fail, tell, writeText } from "../context.ts";
import { placeIn } from "../fixture-places.ts";
import { type TakeText, writeNewFile } from "../new-file.ts";
import { usage } from "../option-values.ts";
import { chooseProductionReact } from "../production-react.ts";
import { writeDocument } from "../session.ts";
import { isTerminal } from "../stdio.ts";
import { aboutMuster } from "./version.ts";

export async function formatFixture(call: Call): Promise<number> {
  return write(call, rewritten(fileOf(call), FORMATTED));
}

export async function lintFixtures(call: Call): Promise<number> {
  const items = call.invocation.words.map((file) => ({ file, ...lint(file) }));
  const count = items.reduce((sum, { mistakes }) => sum + mistakes.length, 0);
  if (call.isJson)
    await writeDocument(call, plainDocument("FixtureLint", aboutMuster(call), { ok: count === 0, items }));
  else {
    for (const { file, mistakes, warnings, records } of items) {
      for (const text of mistakes) await writeText(call, `${visible(text)}\n`);
      for (const text of warnings) await writeText(call, `warning: ${visible(text)}\n`);
      if (mistakes.length === 0) await writeText(call, `ok  ${visible(file)}: ${records} records\n`);
    }
  }
  if (count === 0) return 0;
  return fail(call, new MusterError("BAD_DATA", `${count} ${count === 1 ? "mistake" : "mistakes"}`));
}

export async function cutFixture(call: Call): Promise<number> {
  const { options } = call.invocation;
  const fixture = Fixture.open(fileOf(call));
  try {
    const [from, to] = [options.text("from"), options.text("to")];
    const first = from === null ? 0 : placeIn(fixture, from, "--from");
    const last = to === null ? fixture.length : placeIn(fixture, to, "--to");
    if (last < first) throw usage("--to is before --from", "--to");
    const place = await placeBefore(call, fixture, first);
    return await write(call, cut(fixture, first, last, place));
  } finally {
    fixture.close();
  }
}

async function placeBefore(call: Call, fixture: Fixture, first: number): Promise<readonly Setting[]> {
  process.env.FORCE_COLOR = "0";
  chooseProductionReact();
  const { placeAt } = await import("#app/player/place-at.ts");
  const place = await placeAt(fixture, first);
  if (place?.isInLayer) {
    tell(call, "warning: a dialog or a field is open where it is cut; what is pressed in it goes to the list instead");
  }
  return place?.settings ?? [];
}

export async function redactFixture(call: Call): Promise<number> {
  const { options } = call.invocation;
  const take = REDACTIONS.filter((each) => options.has(each));
  const pattern = patternOf(options.text("pattern"));
  const redactor = createRedactor({ take, keepsSecrets: false, pattern, key: randomBytes(32) });
  const change = {
    header: (header: Fixture["header"]) => JSON.stringify(redactor.header(header)),
    record: (record: object) => redactor.json(record),
  };
  const path = fileOf(call);
  const typed = shownFirst(path, redactor);
  // A comment may name what must not be named.
  const code = await write(call, withoutComments(rewritten(path, change)));
  if (typed > 0) {
    tell(
      call,
      `warning: ${typed} ${typed === 1 ? "record" : "records"} of what was typed: single keys are left as they are, and may spell a name or a secret`,
    );
  }
  return code;
}

/** A name may stand before it is told whose it is. How many records are keys. */
function shownFirst(path: string, redactor: Redactor): number {
  let typed = 0;
  const look = {
    header(header: Fixture["header"]) {
      redactor.learn(header);
      return "";
    },
    record(record: object) {
      redactor.learn(record);
      if ("key" in record || "keys" in record) typed++;
      return "";
    },
  };
  for (const _ of rewritten(path, look));
  return typed;
}

function* withoutComments(lines: Iterable<string>): Generator<string> {
  for (const line of lines) if (line.startsWith("{")) yield line;
}

function patternOf(text: string | null): RegExp | null {
  if (text === null) return null;
  try {
    return new RegExp(text, "u");
  } catch (thrown) {
    throw usage(`--pattern: ${thrown instanceof Error ? thrown.message : "is not a regular expression"}`, "--pattern");
  }
}

const fileOf = (call: Call): string => call.invocation.words[0] ?? "";

const PIECE = 256 * 1024;

async function write(call: Call, lines: Iterable<string>): Promise<number> {
  const path = call.invocation.options.text("output");
  if (path === null || path === "-") await inPieces(shown(lines), (text) => writeText(call, text));
  else await writeNewFile(path, call.clock, (take) => inPieces(lines, take));
  return 0;
}

/** Nothing acts on the terminal: the records stay the same, comments are shown there as they can be. */
function* shown(lines: Iterable<string>): Generator<string> {
  const isSeen = isTerminal(1);
  for (const line of lines) yield line.startsWith("{") ? safeJson(line) : isSeen ? visible(line) : line;
}

async function inPieces(lines: Iterable<string>, take: TakeText): Promise<void> {
  let text = "";
  for (const line of lines) {
    text += `${line}\n`;
    if (text.length < PIECE) continue;
    await take(text);
    text = "";
  }
  if (text !== "") await take(text);
}
