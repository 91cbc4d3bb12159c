import type { Items, Kind } from "#core/model/kinds.ts";

/** What is asked for is so already, and is wanted so: a sentence that says it, and nothing is left to do. Else null. */
export function settled(action: string, item: Items[Kind]): string | null {
  if (item.kind !== "Daemon") return null;
  const isUp = action === "daemon.start" && item.state === "up" && item.wanted !== "down";
  const isEnd = action === "daemon.stop" || action === "daemon.kill";
  const isDown = isEnd && item.lock.held === false && item.present === false && item.wanted !== "up";
  return isUp || isDown ? `${item.label} is ${item.state} already` : null;
}
