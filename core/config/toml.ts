/**
 * TOML as a flat list of statements with their lines. A file with a syntax error is read again table by table, so that
 * one bad table costs itself and not its neighbours.
 */
import { type AST, getStaticTOMLValue, ParseError, parseTOML } from "toml-eslint-parser";

export interface Statement {
  readonly path: readonly string[];
  readonly line: number;
  /** Which table of the file it stands in: 0 is the one before the first header. */
  readonly block: number;
  /** A table's header, or an inline table as a whole; such have no value. */
  readonly isTable: boolean;
  readonly value: unknown;
}

export interface ParsedToml {
  readonly statements: readonly Statement[];
  readonly mistakes: readonly { readonly line: number; readonly reason: string }[];
  /** Paths of tables that could not be read: what is missing in them is not to be complained of again. */
  readonly broken: readonly (readonly string[])[];
}

export function readToml(text: string): ParsedToml {
  const whole = attempt(text);
  if (!(whole instanceof Refusal)) return { statements: statementsOf(whole), mistakes: [], broken: [] };
  return readTables(text);
}

/** Each table alone, behind as many empty lines as stood before it, so that line numbers stay right. */
function readTables(text: string): ParsedToml {
  const lines = text.split("\n");
  const starts = [0];
  for (const [index, line] of lines.entries()) if (index > 0 && /^\s*\[/.test(line)) starts.push(index);
  const statements: Statement[] = [];
  const mistakes: { line: number; reason: string }[] = [];
  const broken: (readonly string[])[] = [];
  for (const [block, start] of starts.entries()) {
    const end = starts[block + 1] ?? lines.length;
    const table = attempt("\n".repeat(start) + lines.slice(start, end).join("\n"));
    if (table instanceof Refusal) {
      // Nothing is noticed behind the end of the table.
      mistakes.push({ line: Math.min(table.line, end), reason: table.reason });
      const header = attempt(lines[start] ?? "");
      if (!(header instanceof Refusal)) broken.push(...statementsOf(header).map(({ path }) => path));
    } else {
      statements.push(...statementsOf(table).map((statement) => ({ ...statement, block })));
    }
  }
  return { statements, mistakes, broken };
}

/** Why a text is not TOML. */
class Refusal {
  readonly line: number;
  readonly reason: string;

  constructor(line: number, reason: string) {
    this.line = line;
    this.reason = reason;
  }
}

/** The parser's own errors know their lines. Very long strings exhaust its stack (RangeError). */
function attempt(text: string): AST.TOMLProgram | Refusal {
  try {
    return parseTOML(text);
  } catch (thrown) {
    if (thrown instanceof ParseError) return new Refusal(lineOf(thrown), reasonOf(thrown));
    const blankLines = /^\n*/.exec(text)?.[0].length ?? 0;
    return new Refusal(blankLines + 1, `cannot be parsed: ${thrown instanceof Error ? thrown.message : thrown}`);
  }
}

/** A value that is missing is noticed only on the line behind it. */
function lineOf(error: ParseError): number {
  const isBehind = error.column === 0 && /^Unspecified values/.test(error.message);
  return Math.max(1, isBehind ? error.lineNumber - 1 : error.lineNumber);
}

function reasonOf(error: ParseError): string {
  return `not valid TOML: ${error.message.charAt(0).toLowerCase()}${error.message.slice(1)}`;
}

function statementsOf(program: AST.TOMLProgram): Statement[] {
  const statements: Statement[] = [];
  let block = 0;
  for (const node of program.body[0].body) {
    if (node.type === "TOMLKeyValue") {
      add(statements, [], node, block);
      continue;
    }
    block++;
    const path = node.resolvedKey.map(String);
    statements.push({ path, line: node.loc.start.line, block, isTable: true, value: undefined });
    for (const inner of node.body) add(statements, path, inner, block);
  }
  return statements;
}

function add(statements: Statement[], prefix: readonly string[], node: AST.TOMLKeyValue, block: number): void {
  const names = node.key.keys.map((key) => (key.type === "TOMLBare" ? key.name : key.value));
  const path = [...prefix, ...names];
  const line = node.key.loc.start.line;
  if (node.value.type === "TOMLInlineTable") {
    statements.push({ path, line, block, isTable: true, value: undefined });
    for (const inner of node.value.body) add(statements, path, inner, block);
  } else {
    statements.push({ path, line, block, isTable: false, value: getStaticTOMLValue(node.value) });
  }
}
