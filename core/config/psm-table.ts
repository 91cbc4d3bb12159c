/** The table [psm]: a mistake in one setting leaves that one as it is by default, and the others as they are written. */
import { PSM_DEFAULTS, type PsmSettings } from "#core/model/psm-settings.ts";
import { nearestKey } from "./nearest-key.ts";
import type { Statement } from "./toml.ts";
import * as values from "./values.ts";

const READERS = {
  cat_max: (value: unknown) => ({ catMax: values.count(value) }),
  mem_max: (value: unknown) => ({ memMax: values.count(value) }),
  mem_autocat: (value: unknown) => ({ memAutocat: values.boolean(value) }),
  noevm: (value: unknown) => ({ noevm: values.count(value, NOEVM_BITS) }),
} as const satisfies Record<string, (value: unknown) => Partial<PsmSettings>>;

/** SET, CAT, MEM and EXMEM together. */
const NOEVM_BITS = 15;

const isKey = (key: string): key is keyof typeof READERS => Object.hasOwn(READERS, key);

export class PsmReader {
  readonly #lines = new Map<string, number>();
  #settings: PsmSettings = PSM_DEFAULTS;

  get settings(): PsmSettings {
    return this.#settings;
  }

  /** Why the statement cannot be taken; null if it was. */
  take({ path, line, value, isTable }: Statement): string | null {
    const [, key, ...rest] = path;
    if (key === undefined) return isTable ? null : "psm must be a table: write [psm]";
    if (!isKey(key)) return `'psm.${key}' is not a key${nearestKey(key, Object.keys(READERS))}`;
    if (isTable || rest.length > 0) return `psm.${key} is not a table`;
    const earlier = this.#lines.get(key);
    if (earlier !== undefined) return `psm.${key} is set already in line ${earlier}`;
    this.#lines.set(key, line);
    try {
      this.#settings = { ...this.#settings, ...READERS[key](value) };
      return null;
    } catch (thrown) {
      if (!(thrown instanceof values.Mistake)) throw thrown;
      return `psm.${key} ${thrown.message}`;
    }
  }
}
