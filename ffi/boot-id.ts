/** Which start of the machine this is: random(4). Pids and start times mean something only within one. */
import { readProcText } from "./proc-file.ts";

/** "" where it is not told. */
export function readBootId(procRoot: string): string {
  return (readProcText(`${procRoot}/sys/kernel/random/boot_id`) ?? "").trim();
}
