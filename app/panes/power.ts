/**
 * Power: GEOPM endpoints, and the policies that controllers are given.
 *
 *     /dev/shm/ep                 attached  power_governor  dgemm    152.3 W ▄▅▅▆▅
 *     power_governor              default                            200 W
 *       dgemm                     best                               176 W
 */
import type { Endpoint } from "#core/model/endpoint.ts";
import type { Policy } from "#core/model/policy.ts";
import { powerOf } from "#core/store/power.ts";
import { ENDPOINT_LOOK } from "./endpoints.ts";
import { leftToLooks, nameColumn, stateColumn } from "./look.ts";
import { fullTime } from "./measures.ts";
import type { Cell, Column, Pane } from "./pane.ts";
import { POLICY_LOOK } from "./policies.ts";
import { ageText, type PowerLook } from "./power-look.ts";

type Power = Endpoint | Policy;

const LOOKS = { Endpoint: ENDPOINT_LOOK, Policy: POLICY_LOOK };

const lookOf = (item: Power): PowerLook<Power> => LOOKS[item.kind];

/** What does not apply to a policy is empty, what is not known of an endpoint is a dash. */
const orDash = (item: Power, text: string | null): Cell =>
  text === null ? { text: item.kind === "Policy" ? "" : "-", tone: "dim" } : { text };

function ageColumn(id: string, title: string, priority: number, ageOf: (item: Power) => number | null): Column<Power> {
  return {
    id,
    title,
    min: 5,
    ideal: 6,
    priority,
    align: "right",
    cut: "never",
    cell: (item) => {
      const age = ageOf(item);
      return orDash(item, age === null ? null : ageText(age));
    },
    sortValue: ageOf,
  };
}

const COLUMNS: readonly Column<Power>[] = [
  nameColumn(lookOf, { min: 18, ideal: 30 }),
  stateColumn(lookOf, { min: 12, ideal: 13, cut: "never" }),
  {
    id: "agent",
    title: "AGENT",
    min: 14,
    ideal: 14,
    priority: 2,
    align: "left",
    cut: "end",
    cell: (item) => orDash(item, lookOf(item).agent(item)),
    sortValue: (item) => lookOf(item).agent(item),
  },
  {
    id: "profile",
    title: "PROFILE",
    min: 10,
    ideal: 16,
    priority: 4,
    align: "left",
    cut: "middle",
    cell: (item) => orDash(item, lookOf(item).profile(item) || null),
    sortValue: (item) => lookOf(item).profile(item),
  },
  {
    id: "nodes",
    title: "NODES",
    min: 5,
    ideal: 5,
    priority: 5,
    align: "right",
    cut: "never",
    cell: (item) => orDash(item, lookOf(item).nodes(item)?.length.toString() ?? null),
    sortValue: (item) => lookOf(item).nodes(item)?.length ?? null,
  },
  {
    // Who was attached before the service began is seen when it does.
    id: "first-seen",
    title: "FIRST SEEN",
    min: 11,
    ideal: 11,
    priority: 6,
    align: "left",
    cut: "never",
    cell: (item) => {
      const since = lookOf(item).attachedSince(item);
      // Month, day, hour and minute.
      return orDash(item, since === null ? null : fullTime(Date.parse(since)).slice(5, 16));
    },
    sortValue: (item) => {
      const since = lookOf(item).attachedSince(item);
      return since === null ? null : Date.parse(since);
    },
  },
  ageColumn("policy-age", "P.AGE", 7, (item) => lookOf(item).policyAgeSeconds(item)),
  ageColumn("sample-age", "S.AGE", 3, (item) => lookOf(item).sampleAgeSeconds(item)),
  {
    id: "value",
    title: "SAMPLE OR POLICY",
    min: 18,
    ideal: 30,
    priority: 1,
    align: "left",
    cut: "end",
    isFilling: true,
    cell: (item, context) => lookOf(item).value(item, context),
    sortValue: (item) => lookOf(item).valueKey(item),
  },
];

export const POWER_PANE: Pane<"endpoints" | "policies"> = {
  id: "power",
  kinds: ["endpoints", "policies"],
  counted: "endpoints",
  title: "Power",
  shortTitle: "Pow",
  columns: COLUMNS,
  sort: { column: "name", isReverse: false },
  progressColumn: "state",
  isChronicle: false,
  isListWide: true,
  hasHistory: true,
  sampled: ["endpoints"],
  loading: "Reading endpoints and policies...",
  empty: "No endpoints and no policies. Press a to create an endpoint, n to set a policy for an agent.",
  ...leftToLooks(lookOf),
  tree: {
    forest: powerOf,
    // Policies are always told, whatever their number.
    size: () => 0,
  },
};
