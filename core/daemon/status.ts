/** The five answers of LibUCW's daemon_control(); their numbers are the exit codes of ucw-daemon-control. */
export const CONTROL_STATUS = {
  ok: 0,
  alreadyDone: 100,
  notRunning: 101,
  error: 102,
  stale: 103,
} as const;

export type ControlStatus = keyof typeof CONTROL_STATUS;

/** Exit code of the tool when its command line is wrong. */
export const CONTROL_USAGE_EXIT = 1;
