/** `jobs report`: the accounts of jobs that have ended, in the order they did. */
import { MusterError } from "#core/model/error.ts";
import { nameOf } from "#core/model/id.ts";
import { canonicalJid } from "#core/model/jid.ts";
import { REPORT_COLUMNS } from "#core/output/pagg-columns.ts";
import { type Call, fail } from "../context.ts";
import { KIND_WORDS } from "../kind-words.ts";
import { writeListing } from "../listing.ts";
import { sinceOf } from "../moment.ts";
import { configWarnings, joinWarnings, openSoundSession, shelfWarnings, withService } from "../session.ts";

import { partial } from "../targets.ts";
import { completeness } from "./list.ts";

const DEFAULT_LIMIT = 1000;

export async function reportJobs(call: Call): Promise<number> {
  const { options, words } = call.invocation;
  const jids = [...new Set(words.map(jidOf))];
  const sinceMs = sinceOf(options.text("since"), call.clock.wallMs());
  const limit = options.number("limit") ?? DEFAULT_LIMIT;
  const session = await openSoundSession(call);
  return withService(
    session,
    "once",
    async (service) => {
      const query = { limit, ...(jids.length === 0 ? {} : { jids }), ...(sinceMs === null ? {} : { sinceMs }) };
      const reports = limit === 0 ? [] : ((await service.reports?.(query)) ?? []);
      const missing = jids.filter((jid) => !reports.some((report) => report.jid === jid)).map(noReport);
      const warnings = joinWarnings(
        configWarnings(session.config),
        shelfWarnings("jobs", service.snapshot().shelves.jobs),
        missing.map(({ code, target, message }) => ({ code, target, message })),
      );
      const [first] = missing;
      if (reports.length === 0 && first)
        return fail(call, missing.length === 1 ? first : partial(missing, missing.length));
      await writeListing(session, {
        document: "JobReportList",
        items: reports,
        shape: (report) => report,
        columns: REPORT_COLUMNS,
        warnings,
        empty: "no job has ended",
      });
      return missing.length > 0 ? fail(call, partial(missing, jids.length)) : completeness(session, warnings);
    },
    { kinds: ["jobs"] },
  );
}

/** Throws USAGE. */
function jidOf(word: string): string {
  const meant = KIND_WORDS.jobs.spell?.(word) ?? word;
  return canonicalJid(meant.includes("/") ? nameOf(meant) : meant) ?? meant;
}

function noReport(jid: string): MusterError {
  return new MusterError("NOT_FOUND", `no job ${jid} has ended`, {
    target: jid,
    hint: "'muster jobs report' shows all that have; 'muster jobs list' those that run",
  });
}
