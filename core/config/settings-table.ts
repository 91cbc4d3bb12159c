/**
 * The tables of settings: [psm], [pagg], [jobs], [geopm] and [pmdaroot]. A mistake in one setting leaves that one as it is by default, and the
 * others as they are written.
 */
import { GEOPM_DEFAULTS } from "#core/model/geopm-settings.ts";
import { JOB_DEFAULTS, PAGG_DEFAULTS } from "#core/model/pagg-settings.ts";
import { PMDAROOT_DEFAULTS } from "#core/model/pmdaroot-settings.ts";
import { PSM_DEFAULTS } from "#core/model/psm-settings.ts";
import { nearestKey } from "./nearest-key.ts";
import type { Statement } from "./toml.ts";
import * as values from "./values.ts";

/** SET, CAT, MEM and EXMEM together. */
const NOEVM_BITS = 15;

type Readers<T> = Readonly<Record<string, (value: unknown) => Partial<T>>>;

class SettingsTable<T extends object> {
  readonly #name: string;
  readonly #readers: Readers<T>;
  readonly #lines = new Map<string, number>();
  #settings: T;

  constructor(name: string, defaults: T, readers: Readers<T>) {
    this.#name = name;
    this.#readers = readers;
    this.#settings = defaults;
  }

  get settings(): T {
    return this.#settings;
  }

  /** Why the statement cannot be taken; null if it was. */
  take({ path, line, value, isTable }: Statement): string | null {
    const name = this.#name;
    const [, key, ...rest] = path;
    if (key === undefined) return isTable ? null : `${name} must be a table: write [${name}]`;
    const read = Object.hasOwn(this.#readers, key) ? this.#readers[key] : undefined;
    if (!read) return `'${name}.${key}' is not a key${nearestKey(key, Object.keys(this.#readers))}`;
    if (isTable || rest.length > 0) return `${name}.${key} is not a table`;
    const earlier = this.#lines.get(key);
    if (earlier !== undefined) return `${name}.${key} is set already in line ${earlier}`;
    this.#lines.set(key, line);
    try {
      this.#settings = { ...this.#settings, ...read(value) };
      return null;
    } catch (thrown) {
      if (!(thrown instanceof values.Mistake)) throw thrown;
      return `${name}.${key} ${thrown.message}`;
    }
  }
}

/** By the names of the tables. */
export function settingsTables() {
  return {
    psm: new SettingsTable("psm", PSM_DEFAULTS, {
      cat_max: (value) => ({ catMax: values.count(value) }),
      mem_max: (value) => ({ memMax: values.count(value) }),
      mem_autocat: (value) => ({ memAutocat: values.boolean(value) }),
      noevm: (value) => ({ noevm: values.count(value, NOEVM_BITS) }),
    }),
    pagg: new SettingsTable("pagg", PAGG_DEFAULTS, {
      modules: (value) => ({ modules: values.list(value, values.absolutePath) }),
      load: (value) => ({ load: values.list(value, values.plainText) }),
      stall_seconds: (value) => ({ stallSeconds: values.seconds(value) }),
    }),
    jobs: new SettingsTable("jobs", JOB_DEFAULTS, {
      cgroup: (value) => ({ cgroup: values.cgroupPath(value) }),
      hid: (value) => ({ hid: values.count(value, 0xffff_ffff) }),
      jobd_socket: (value) => ({ jobdSocket: values.socketPath(value) }),
      reports: (value) => ({ reports: values.count(value) }),
    }),
    geopm: new SettingsTable("geopm", GEOPM_DEFAULTS, {
      policystore: (value) => ({ policyStore: values.absolutePath(value) }),
      endpoints: (value) => ({ endpoints: values.list(value, values.absolutePath) }),
      stale_seconds: (value) => ({ staleSeconds: values.seconds(value) }),
    }),
    pmdaroot: new SettingsTable("pmdaroot", PMDAROOT_DEFAULTS, {
      serve: (value) => ({ serve: values.boolean(value) }),
      socket: (value) => ({ socket: values.socketPath(value) }),
      allow: (value) => ({ allow: values.list(value, values.account) }),
      allow_start: (value) => ({ allowStart: values.list(value, values.account) }),
      match: (value) => ({ match: values.choice(value, ["exact", "pcp"] as const) }),
    }),
  };
}
