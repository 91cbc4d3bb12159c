/**
 * Ink draws so often and no oftener, by a timer that it leaves behind when it is unmounted: on a stage, whose frames come when
 * they are asked for, that timer would hold the process for a quarter of an hour.
 */
import instances from "../../node_modules/ink/build/instances.js";

interface Throttled {
  readonly throttledOnRender?: { cancel(): void };
}

/** While it is mounted; what is returned is called when it is not any more. */
export function frameTimerOf(stdout: NodeJS.WriteStream): () => void {
  const ink = instances.get(stdout) as Throttled | undefined;
  return () => ink?.throttledOnRender?.cancel();
}
