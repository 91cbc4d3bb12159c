/**
 * totals.ts JUNIT_FILE CHECK_STATUS: the end of .ci/run: what failed, by name, and as the last line the totals. The check
 * counts as one test more. Exits 1 if anything failed.
 */
import { readFileSync } from "node:fs";

const [file = "", checkStatus = "1"] = process.argv.slice(2);

function count(attributes: string, name: string): number {
  return Number(new RegExp(`\\b${name}="(\\d+)"`).exec(attributes)?.[1] ?? 0);
}

function readTotals(): { tests: number; failed: number; skipped: number } {
  try {
    const root = /<testsuites\b[^>]*>/.exec(readFileSync(file, "utf8"))?.[0] ?? "";
    return {
      tests: count(root, "tests"),
      failed: count(root, "failures") + count(root, "errors"),
      skipped: count(root, "skipped"),
    };
  } catch {
    return { tests: 1, failed: 1, skipped: 0 };
  }
}

/** One line a failure: some thousand lines further up stands what it was. */
function readFailures(): string[] {
  try {
    const cases = readFileSync(file, "utf8").matchAll(/<testcase\b([^>]*[^/])>\s*<(?:failure|error)\b([^>]*)/g);
    return Array.from(cases, ([, test = "", failure = ""]) => {
      return `failed: ${text(test, "file")}: ${text(test, "name")}: ${text(failure, "message").slice(0, 300)}`;
    });
  } catch {
    return [`failed: there is no report ${file}: the tests did not run to their end`];
  }
}

function text(attributes: string, name: string): string {
  const value = new RegExp(`\\b${name}="([^"]*)"`).exec(attributes)?.[1] ?? "?";
  const named: Record<string, string> = { lt: "<", gt: ">", quot: '"', apos: "'", amp: "&" };
  return value.replace(/&(?:#\d+|[a-z]+);/g, (entity) => named[entity.slice(1, -1)] ?? " ");
}

const totals = readTotals();
const checkFailed = checkStatus === "0" ? 0 : 1;
const failed = totals.failed + checkFailed;
const passed = totals.tests - totals.failed - totals.skipped + (1 - checkFailed);
for (const line of readFailures()) process.stdout.write(`${line}\n`);
if (checkFailed > 0) process.stdout.write("failed: bun run check\n");
process.stdout.write(`${passed} passed, ${failed} failed, ${totals.skipped} skipped\n`);
process.exit(failed > 0 || totals.tests === 0 ? 1 : 0);
