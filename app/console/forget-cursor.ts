import type { EventEmitter } from "node:events";

/**
 * cli-cursor shows the cursor of the real terminal once more when the process ends, even if it was another that it hid:
 * behind the last line of a program's output that is two bytes too many.
 */
export function forgetCursor(): void {
  const { __signal_exit_emitter__: emitter } = process as { __signal_exit_emitter__?: EventEmitter };
  emitter?.removeAllListeners("afterexit");
}
