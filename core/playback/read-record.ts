/** One line of a fixture -> a record that can be trusted, or an error that names file, record, line and field. */
import * as v from "valibot";
import { MusterError } from "#core/model/error.ts";
import { KIND_NAMES, type Kind } from "#core/model/kind-names.ts";
import { FORMAT_VERSION, type Header, HeaderSchema } from "./header.ts";
import { type FixtureRecord, RECORD_KINDS, RECORD_SCHEMAS, type RecordKind } from "./record.ts";
import { SOURCE_OPS, SOURCE_SCHEMAS, type SourceOp } from "./source-records.ts";

/** Where a record stands: what a mistake in it is told with. */
export interface Place {
  readonly file: string;
  /** From 1; the header is not counted. null for the header. */
  readonly record: number | null;
  /** From 1. */
  readonly line: number;
}

export interface ReadRecord {
  readonly record: FixtureRecord;
  /** What was not understood and left out. */
  readonly warnings: readonly string[];
}

export function fixtureError(place: Place, problem: string, field: string | null = null): MusterError {
  return new MusterError("BAD_DATA", `${placeText(place)}: ${field === null ? "" : `${field}: `}${problem}`, {
    target: place.file,
    hint: "'muster fixture lint' tells every mistake of a fixture, 'muster schema fixture' what may stand in one",
  });
}

export function placeText({ file, record, line }: Place): string {
  return record === null ? `${file}: line ${line}` : `${file}: record ${record} (line ${line})`;
}

type Fields = Readonly<Record<string, unknown>>;

export function readHeader(
  text: string,
  place: Place,
): { readonly header: Header; readonly warnings: readonly string[] } {
  const fields = objectOf(text, place);
  if (!Object.hasOwn(fields, "muster")) {
    throw fixtureError(place, 'the first record of a fixture is its header: {"muster":1, ...}', "muster");
  }
  if (fields.muster !== FORMAT_VERSION) {
    const problem = `version ${JSON.stringify(fields.muster)?.slice(0, 40)} is not known: this muster reads ${FORMAT_VERSION}`;
    throw fixtureError(place, problem, "muster");
  }
  const header = checked(HeaderSchema, fields, place);
  if (header.start !== undefined && !Number.isFinite(Date.parse(header.start))) {
    throw fixtureError(place, "is not a time (RFC 3339)", "start");
  }
  const [required] = header.requires ?? [];
  if (required !== undefined) throw fixtureError(place, `this muster does not have '${required}'`, "requires");
  return { header, warnings: unknownKeys(fields, Object.keys(HeaderSchema.entries), place) };
}

export function readRecord(text: string, place: Place): ReadRecord {
  const fields = objectOf(text, place);
  if (fields.dt !== undefined && fields.at !== undefined)
    throw fixtureError(place, "'dt' and 'at' exclude each other", "at");
  const kind = kindOf(fields, place);
  if (kind === "src") return readSource(fields, place);
  const schema = RECORD_SCHEMAS[kind];
  const entries = Object.keys(schema.type === "object" && "entries" in schema ? schema.entries : {});
  const record = checked(schema, fields, place) as FixtureRecord;
  const unknown = unknownKeys(fields, [...TIME_KEYS, ...entries], place);
  return { record, warnings: kind === "mouse" ? [...unknown, `${placeText(place)}: mouse: ${NO_MOUSE}`] : unknown };
}

const NO_MOUSE = "the console has none; the record is left out";
const TIME_KEYS = ["dt", "at"];

function readSource(fields: Fields, place: Place): ReadRecord {
  const { src, op } = fields;
  if (!KIND_NAMES.includes(src as Kind)) throw fixtureError(place, `one of ${KIND_NAMES.join(", ")}`, "src");
  if (!SOURCE_OPS.includes(op as SourceOp)) throw fixtureError(place, `one of ${SOURCE_OPS.join(", ")}`, "op");
  const schema = SOURCE_SCHEMAS[src as Kind][op as SourceOp];
  const rest = checked(schema, fields, place) as object;
  const record = { src, op, ...rest } as FixtureRecord;
  return { record, warnings: unknownKeys(fields, [...TIME_KEYS, "src", "op", ...Object.keys(rest)], place) };
}

/** The one key that says what it is; `set` stands in what a source says as well. */
function kindOf(fields: Fields, place: Place): RecordKind {
  if (Object.hasOwn(fields, "src")) return "src";
  const found = RECORD_KINDS.filter((kind) => Object.hasOwn(fields, kind));
  const [kind, second] = found;
  if (kind === undefined) {
    const keys = Object.keys(fields).slice(0, 5).join(", ").slice(0, 80);
    throw fixtureError(
      place,
      `no kind of record: it has ${keys === "" ? "no keys" : keys}; one of ${RECORD_KINDS.join(", ")}`,
    );
  }
  if (second !== undefined) throw fixtureError(place, `is both '${kind}' and '${second}': a record is one of them`);
  return kind;
}

function objectOf(text: string, place: Place): Fields {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw fixtureError(place, "is not JSON, or is cut short");
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw fixtureError(place, "is not a JSON object");
  }
  return value as Fields;
}

function checked<S extends v.GenericSchema>(schema: S, value: unknown, place: Place): v.InferOutput<S> {
  const parsed = v.safeParse(schema, value, { abortEarly: true });
  if (parsed.success) return parsed.output;
  const issue = deepest(parsed.issues[0]);
  throw fixtureError(place, problemOf(issue.issue), issue.path);
}

interface DeepIssue {
  readonly issue: v.BaseIssue<unknown>;
  readonly path: string | null;
}

/** Of a union the branch that came furthest tells more than that none fitted. */
function deepest(issue: v.BaseIssue<unknown>, before: string | null = null): DeepIssue {
  const own = v.getDotPath(issue as never);
  const path = [before, own].filter((part) => part !== null).join(".") || null;
  let best: DeepIssue = { issue, path };
  for (const each of issue.issues ?? []) {
    const found = deepest(each, path);
    if (depth(found) > depth(best)) best = found;
  }
  return best;
}

const depth = ({ path }: DeepIssue) => (path === null ? 0 : path.split(".").length);

function problemOf(issue: v.BaseIssue<unknown>): string {
  if (issue.kind === "validation") return issue.message;
  if (issue.received === "undefined") return `is missing: ${issue.expected ?? "a value"}`;
  return `has to be ${(issue.expected ?? "something else").slice(0, 300)}, not ${issue.received.slice(0, 60)}`;
}

function unknownKeys(fields: Fields, known: readonly string[], place: Place): string[] {
  const keys = Object.keys(fields).filter((key) => !known.includes(key));
  return keys.slice(0, 5).map((key) => `${placeText(place)}: '${key.slice(0, 60)}' is not known and is left out`);
}
