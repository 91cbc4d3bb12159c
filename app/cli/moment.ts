/** `--since`: from when on. */
import { parseDuration, usage } from "./option-values.ts";

/** `10m` ago, or a time; null: from the beginning. */
export function sinceOf(text: string | null, nowMs: number): number | null {
  if (text === null) return null;
  const seconds = parseDuration(text);
  if (seconds !== null) return nowMs - seconds * 1000;
  const time = /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(text) : Number.NaN;
  if (!Number.isNaN(time)) return time;
  throw usage(`--since needs a time such as 10m or 2026-11-21T01:30:00Z, not '${text}'`, "--since");
}
