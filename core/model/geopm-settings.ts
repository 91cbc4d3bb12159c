/** Settings of power: table [geopm] of muster.toml. */

export interface GeopmSettings {
  /** Path of the policy store; null: policystore.db in the state directory. */
  readonly policyStore: string | null;
  /** Directories searched for endpoints, beside /dev/shm and /run/user/UID. */
  readonly endpoints: readonly string[];
  /** An attached controller that has sent nothing for so long is taken for dead. */
  readonly staleSeconds: number;
}

export const GEOPM_DEFAULTS: GeopmSettings = { policyStore: null, endpoints: [], staleSeconds: 10 };
