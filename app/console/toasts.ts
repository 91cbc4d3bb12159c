/**
 * One line of answer. The newest wins; a piece of good news leaves by itself, what is lasting stays until somebody was
 * there. What happened to the cursor is said behind an answer that is still there.
 */
import type { Clock } from "#core/model/clock.ts";
import { SEVERITIES, type Severity } from "#core/model/event.ts";
import type { ConsoleStore } from "./console-store.ts";

/** Who asked for something is still there to read the answer. */
export const INFO_MS = 2000;
const LEAST_ERROR_MS = 4000;

/** What went wrong, and what to do about it. */
export const withHint = (text: string, hint: string | null) => (hint === null ? text : `${text} - ${hint}`);

export interface Toasts {
  say(severity: Severity, text: string): void;
  /** The same of what came after a while: also good news stays until somebody was there. */
  keep(severity: Severity, text: string): void;
  /** The same of what nobody asked for: an answer that is still there stays before it. */
  add(severity: Severity, text: string): void;
  /** A key was pressed: what stays and has stood long enough has been seen. */
  seen(): void;
  close(): void;
}

interface Answer {
  readonly severity: Severity;
  readonly text: string;
}

export function createToasts(store: ConsoleStore, clock: Clock): Toasts {
  let cancel: (() => void) | null = null;
  /** What was asked for, of what is shown; null if nothing was. */
  let answer: Answer | null = null;
  const isLasting = () => cancel === null;

  const clear = () => {
    cancel?.();
    cancel = null;
    answer = null;
    if (store.state().ui.toast) store.dispatch({ type: "toast", toast: null });
  };
  const show = (severity: Severity, text: string, isLeaving: boolean) => {
    cancel?.();
    cancel = isLeaving ? clock.setTimer(INFO_MS, clear) : null;
    store.dispatch({ type: "toast", toast: { severity, text, shownAtMs: clock.nowMs() } });
  };
  return {
    say(severity, text) {
      answer = { severity, text };
      show(severity, text, severity === "info");
    },
    keep(severity, text) {
      answer = { severity, text };
      show(severity, text, false);
    },
    add(severity, text) {
      // What is no longer shown was read, or had its time.
      if (!store.state().ui.toast) answer = null;
      if (answer === null) return show(severity, text, severity === "info");
      const worse = SEVERITIES.indexOf(answer.severity) > SEVERITIES.indexOf(severity) ? answer.severity : severity;
      show(worse, `${answer.text}; ${text}`, false);
    },
    seen() {
      const { toast } = store.state().ui;
      if (toast && isLasting() && clock.nowMs() - toast.shownAtMs >= LEAST_ERROR_MS) clear();
    },
    close: () => cancel?.(),
  };
}
