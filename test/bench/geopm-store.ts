/**
 * Group policies: the policy store beside GEOPM's C++ library, built from its sources (gcc 12 -O2, SQLite 3.40) on a machine
 * like the one of README.md, and beside the same transaction in bare SQLite.
 */
import { join } from "node:path";
import Database from "better-sqlite3";
import { PolicyStore } from "#core/geopm/policy-store.ts";
import { type Bench, count } from "./bench.ts";
import { median } from "./figures.ts";
import { comparison, distribution, figure } from "./rows.ts";
import { inTurns } from "./turns.ts";

const LIBRARY = "C++ library";
const LEAST_PER_SECOND = 200_000;
/** Of the bare transaction's time: what a store may add to the disk's. */
const MOST_RATIO = 1.2;
const AGENT = "power_balancer";
const VALUES = [188, Number.NaN, 12.5, 0];

export async function policies(bench: Bench): Promise<void> {
  await measure(bench, 10, { hit: 74_800, fallback: 42_300 });
  await measure(bench, 10_000, { hit: 75_300, fallback: 41_900 });
}

async function measure(bench: Bench, policyCount: number, library: { hit: number; fallback: number }): Promise<void> {
  const path = join(bench.keeper.directory(), "policystore.db");
  using store = new PolicyStore(path);
  store.setDefault(AGENT, [200]);
  using writer = new BareWriter(path);
  const profiles = Array.from({ length: policyCount }, (_, index) => `profile-${index}`);
  writer.fill(profiles);
  const of = `of ${policyCount.toLocaleString("en")}`;
  const rates = await inTurns(count(bench, 9, 2), 1, {
    hit: () => perSecond(bench, (index) => store.getBest(AGENT, profiles[index % policyCount] ?? "")),
    fallback: () => perSecond(bench, (index) => store.getBest(AGENT, `other-${index % 100}`)),
  });
  const peer = (value: number) => ({ name: LIBRARY, value });
  const limit = { least: LEAST_PER_SECOND };
  bench.add(figure(`getBest ${of}`, "/s", median(rates.hit), limit, peer(library.hit)));
  bench.add(figure(`getBest ${of}, the default`, "/s", median(rates.fallback), limit, peer(library.fallback)));

  let round = 0;
  const times = await inTurns(count(bench, 100, 10), 5, {
    set: () => timeOf(() => store.setBest(AGENT, "profile-1", [++round, ...VALUES.slice(1)])),
    bare: () => timeOf(() => writer.write("profile-1", [++round, ...VALUES.slice(1)])),
    first: () => {
      writer.write("profile-1", [++round, ...VALUES.slice(1)]);
      return timeOf(() => {
        if (store.getBest(AGENT, "profile-1")[0] !== round) throw new Error("a commit was not seen");
      });
    },
  });
  bench.add(distribution(`getBest ${of}, first after another's commit`, "ms", times.first, null));
  const bare = { name: "bare SQLite", samples: times.bare };
  bench.add(comparison(`setBest ${of}`, "ms", times.set, bare, { most: MOST_RATIO }));
  bench.add(distribution(`setBest ${of}`, "ms", times.set, null));
}

/** Another connection with the library's statements and nothing around them. */
class BareWriter implements Disposable {
  readonly #database: Database.Database;
  readonly #remove: Database.Statement<unknown[]>;
  readonly #insert: Database.Statement<unknown[]>;

  constructor(path: string) {
    this.#database = new Database(path);
    this.#remove = this.#database.prepare("DELETE FROM BestPolicies WHERE profile = ? AND agent = ?");
    this.#insert = this.#database.prepare("INSERT INTO BestPolicies VALUES (?, ?, ?, ?)");
  }

  write(profile: string, values: readonly number[]): void {
    this.#database
      .transaction(() => {
        this.#remove.run(profile, AGENT);
        this.#add(profile, values);
      })
      .immediate();
  }

  fill(profiles: readonly string[]): void {
    this.#database.transaction(() => {
      for (const profile of profiles) this.#add(profile, VALUES);
    })();
  }

  #add(profile: string, values: readonly number[]): void {
    for (const [offset, value] of values.entries()) {
      this.#insert.run(profile, AGENT, offset, Number.isNaN(value) ? null : value);
    }
  }

  [Symbol.dispose](): void {
    this.#database.close();
  }
}

function perSecond(bench: Bench, operation: (index: number) => unknown): number {
  const rounds = count(bench, 200_000, 20_000);
  const begun = Bun.nanoseconds();
  for (let index = 0; index < rounds; index++) operation(index);
  return (rounds * 1e9) / (Bun.nanoseconds() - begun);
}

function timeOf(operation: () => void): number {
  const begun = Bun.nanoseconds();
  operation();
  return (Bun.nanoseconds() - begun) / 1e6;
}
