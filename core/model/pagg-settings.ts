/** Settings of process aggregates: tables [pagg] and [jobs] of muster.toml. */

export interface PaggSettings {
  /** Directories of the operator's own modules, absolute. */
  readonly modules: readonly string[];
  /** Names or paths of those that the service loads when it starts, in this order. */
  readonly load: readonly string[];
  /** How long a module may take for one batch before it is unloaded. */
  readonly stallSeconds: number;
}

export interface JobSettings {
  /** Control group below which each job has its own, below the mount of cgroup v2; null: chosen by core/pagg/job. */
  readonly cgroup: string | null;
  /** HID of new jobs until SETHID says another: 0 to 0xffffffff, the last for none. */
  readonly hid: number;
  /** Path of the socket that speaks jobd's protocol; null: there is none. */
  readonly jobdSocket: string | null;
  /** Reports of ended jobs that are kept. */
  readonly reports: number;
}

export const PAGG_DEFAULTS: PaggSettings = { modules: [], load: [], stallSeconds: 2 };
export const JOB_DEFAULTS: JobSettings = { cgroup: null, hid: 0, jobdSocket: null, reports: 10_000 };
