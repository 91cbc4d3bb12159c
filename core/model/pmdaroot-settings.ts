/** Settings of containers and privileged processes: table [pmdaroot] of muster.toml. */

export interface PmdaRootSettings {
  /** The service itself answers PCP at the socket, in place of pmdaroot(1). */
  readonly serve: boolean;
  /** Path of the socket; null: where PCP looks for it. */
  readonly socket: string | null;
  /** Who may ask about containers, beside root; names, or `#id`. null: the user PCP runs as. */
  readonly allow: readonly string[] | null;
  /** Who may have processes started with the service's rights through the socket, beside root. */
  readonly allowStart: readonly string[];
  /** pcp: as loosely as pmdaroot(1). */
  readonly match: "exact" | "pcp";
}

export const PMDAROOT_DEFAULTS: PmdaRootSettings = {
  serve: false,
  socket: null,
  allow: null,
  allowStart: [],
  match: "exact",
};
