/**
 * A service that keeps a set, with its socket, in a process of its own: psm-keeper.ts DIRECTORY, pids on standard input;
 * says when it rests.
 */
import { systemClock } from "#app/cli/system-clock.ts";
import { GEOPM_DEFAULTS } from "#core/model/geopm-settings.ts";
import { JOB_DEFAULTS, PAGG_DEFAULTS } from "#core/model/pagg-settings.ts";
import { PMDAROOT_DEFAULTS } from "#core/model/pmdaroot-settings.ts";
import { PSM_DEFAULTS } from "#core/model/psm-settings.ts";
import { openLocalService } from "#core/service/local.ts";
import { openServer } from "#core/service/rpc/server.ts";

const [directory = ""] = process.argv.slice(2);
const uid = process.getuid?.() ?? 0;

async function main(): Promise<void> {
  const pids = (await Bun.stdin.text()).trim().split(" ");
  const service = await openLocalService({
    environment: {
      node: "n1",
      procRoot: "/proc",
      root: "",
      stateDirectory: directory,
      runtimeDirectory: directory,
      configFile: `${directory}/muster.toml`,
      uid,
      variables: {},
    },
    clock: systemClock,
    config: {
      readOnly: false,
      discover: [],
      daemons: [],
      psm: { ...PSM_DEFAULTS, memMax: 1e6 },
      pagg: PAGG_DEFAULTS,
      jobs: JOB_DEFAULTS,
      geopm: GEOPM_DEFAULTS,
      pmdaroot: PMDAROOT_DEFAULTS,
      problems: [],
    },
    isReadOnly: false,
    mode: "watch",
    keepsSet: true,
  });
  const { results } = await service.invoke({
    action: "member.add",
    targets: pids.map((pid) => ({ id: `n1/member/rest/${pid}` })),
    arguments: { argv: "rests" },
    dryRun: false,
    requestId: "bench",
    via: "cli",
  });
  const refused = results.find((result) => result.outcome !== "done");
  await service.ready;
  openServer({
    service,
    clock: systemClock,
    runtimeDirectory: directory,
    procRoot: "/proc",
    isForAll: false,
    log: (text) => process.stderr.write(`${text}\n`),
    facts: {
      version: "bench",
      uid,
      pid: process.pid,
      startedAt: new Date().toISOString(),
      configFile: `${directory}/muster.toml`,
      stateDirectory: directory,
      configuration: () => "",
    },
  });
  process.stdout.write(refused ? `refused: ${refused.message}\n` : "rests\n");
}

main().catch((thrown) => {
  process.stderr.write(`${thrown}\n`);
  process.exit(1);
});
