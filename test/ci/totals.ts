/** totals.ts JUNIT_FILE CHECK_STATUS: the last line of .ci/run. The check counts as one test more. Exits 1 if anything failed. */
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
    return { tests: 0, failed: 1, skipped: 0 };
  }
}

const totals = readTotals();
const checkFailed = checkStatus === "0" ? 0 : 1;
const failed = totals.failed + checkFailed;
const passed = totals.tests - totals.failed - totals.skipped + (1 - checkFailed);
process.stdout.write(`${passed} passed, ${failed} failed, ${totals.skipped} skipped\n`);
process.exit(failed > 0 || totals.tests === 0 ? 1 : 0);
