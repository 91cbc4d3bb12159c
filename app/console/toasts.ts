/** One line of answer. The newest wins; a piece of news leaves by itself, an error stays until somebody was there. */
import type { Clock } from "#core/model/clock.ts";
import { SEVERITIES, type Severity } from "#core/model/event.ts";
import type { ConsoleStore } from "./console-store.ts";

/** Who asked for something is still there to read the answer. */
export const INFO_MS = 2000;
const LEAST_ERROR_MS = 4000;
/** An answer younger than this nobody has read yet. */
const SAME_MOMENT_MS = 100;

export interface Toasts {
  say(severity: Severity, text: string): void;
  /** The same of what came after a while: also good news stays until somebody was there. */
  keep(severity: Severity, text: string): void;
  /** The same, but what was said in this very moment stays before it. */
  add(severity: Severity, text: string): void;
  /** A key was pressed: what stays and has stood long enough has been seen. */
  seen(): void;
  close(): void;
}

export function createToasts(store: ConsoleStore, clock: Clock): Toasts {
  let cancel: (() => void) | null = null;
  const clear = () => {
    cancel?.();
    cancel = null;
    if (store.state().ui.toast) store.dispatch({ type: "toast", toast: null });
  };
  const keep = (severity: Severity, text: string) => {
    cancel?.();
    cancel = null;
    store.dispatch({ type: "toast", toast: { severity, text, shownAtMs: clock.nowMs() } });
  };
  const say = (severity: Severity, text: string) => {
    keep(severity, text);
    if (severity === "info") cancel = clock.setTimer(INFO_MS, clear);
  };
  return {
    say,
    keep,
    add(severity, text) {
      const { toast } = store.state().ui;
      if (!toast || clock.nowMs() - toast.shownAtMs > SAME_MOMENT_MS) return say(severity, text);
      const worse = SEVERITIES.indexOf(toast.severity) > SEVERITIES.indexOf(severity) ? toast.severity : severity;
      say(worse, `${toast.text}; ${text}`);
    },
    seen() {
      const { toast } = store.state().ui;
      if (toast && cancel === null && clock.nowMs() - toast.shownAtMs >= LEAST_ERROR_MS) clear();
    },
    close: () => cancel?.(),
  };
}
