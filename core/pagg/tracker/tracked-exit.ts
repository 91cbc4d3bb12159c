/** How a followed process ended, and all that tells whether another one ended before it. */
export interface TrackedExit {
  /** Wait status; null if nobody saw it. */
  readonly status: number | null;
  /** Who forked it; 0 for what was attached. */
  readonly parentPid: number;
  /** It was told to be another's child: who forked it had ended before. */
  readonly isOrphan: boolean;
  /** Its parent had collected it before its end was told, so it ended earlier than the order of events says. */
  readonly isCollected: boolean;
  /** It was told to be the child of who forked it: that one had not ended yet. */
  readonly hadParent: boolean;
  /** CLOCK_MONOTONIC; null if nobody saw it. */
  readonly timeNs: number | null;
  /** When the thread before its last one ended; null if it had one alone. */
  readonly previousNs: number | null;
}

/** An end that nobody saw. */
export const UNSEEN = {
  status: null,
  isOrphan: false,
  isCollected: false,
  hadParent: false,
  timeNs: null,
  previousNs: null,
} as const;
