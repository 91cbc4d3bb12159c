/** The records read from an inotify descriptor. */
import { textAt, viewOf } from "./memory.ts";

export interface RawInotifyEvent {
  /** -1 for the overflow mark. */
  readonly watch: number;
  readonly mask: number;
  readonly name: string;
}

/** struct inotify_event: watch, mask, cookie, length of the name; then the name, padded with NULs. */
const HEADER = 16;

/** All complete records; bytes that are not one (the kernel never writes such) end the list. */
export function parseInotify(bytes: Uint8Array): RawInotifyEvent[] {
  const view = viewOf(bytes);
  const events: RawInotifyEvent[] = [];
  for (let offset = 0; offset + HEADER <= bytes.length; ) {
    const end = offset + HEADER + view.getUint32(offset + 12, true);
    if (end > bytes.length) break;
    events.push({
      watch: view.getInt32(offset, true),
      mask: view.getUint32(offset + 4, true),
      name: textAt(bytes, offset + HEADER, end),
    });
    offset = end;
  }
  return events;
}
