import type { Config } from "./declaration.ts";
import { GEOPM_DEFAULTS } from "./geopm-settings.ts";
import { JOB_DEFAULTS, PAGG_DEFAULTS } from "./pagg-settings.ts";
import { PMDAROOT_DEFAULTS } from "./pmdaroot-settings.ts";
import { PSM_DEFAULTS } from "./psm-settings.ts";

/** Where nothing is configured. */
export const CONFIG_DEFAULTS: Config = {
  readOnly: false,
  discover: ["/run"],
  daemons: [],
  psm: PSM_DEFAULTS,
  pagg: PAGG_DEFAULTS,
  jobs: JOB_DEFAULTS,
  geopm: GEOPM_DEFAULTS,
  pmdaroot: PMDAROOT_DEFAULTS,
  problems: [],
};
