/** Asks jobd's socket as another process would: jobd-asker.ts SOCKET JID; says what getjidcnt, sethid and killjid come to. */
import { systemClock } from "#app/cli/system-clock.ts";
import { MusterError } from "#core/model/error.ts";
import { job_getjidcnt, job_killjid, job_sethid } from "#core/pagg/job/libjob.ts";

const [path = "", jid = "0"] = process.argv.slice(2);
const jobd = { path, clock: systemClock, timeoutMs: null };

async function said(asked: Promise<unknown>): Promise<string> {
  try {
    return String(await asked);
  } catch (thrown) {
    return (thrown instanceof MusterError ? thrown.errno : null) ?? String(thrown);
  }
}

async function main(): Promise<void> {
  const answers = [
    await said(job_getjidcnt(jobd)),
    await said(job_sethid(jobd, 7)),
    await said(job_killjid(jobd, BigInt(jid), 0)),
  ];
  process.stdout.write(`${answers.join(" ")}\n`);
}

main().catch((thrown) => process.stdout.write(`${thrown}\n`));
