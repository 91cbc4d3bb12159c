/** Containers that nothing but an OCI runtime knows: `ID/state.json` of runc, `ID/status` of crun. */
import type { ContainerRecord } from "../container.ts";
import type { EngineHost } from "../container-index.ts";
import { EntryDirectory } from "../entry-directory.ts";
import { type JsonObject, objectOf, parseObject, pidOf, textOf, textsOf, ticksOf } from "../json.ts";
import { entryBounds, type StateFile, type StateSource } from "../state-file.ts";

export type OciRuntime = "runc" | "crun";

const STATE_FILE: Readonly<Record<OciRuntime, string>> = { runc: "state.json", crun: "status" };

export interface OciState {
  readonly runtime: OciRuntime;
  readonly directory: string;
  readonly source: StateSource;
}

export function watchOci(host: EngineHost, { runtime, directory, source }: OciState): Disposable {
  const { owner } = source;
  const fileOf = (id: string) => `${directory}/${id}/${STATE_FILE[runtime]}`;
  return new EntryDirectory({
    tree: host.tree,
    directory,
    inner: [""],
    onEntry: (id) => {
      const file = source.read(fileOf(id));
      const record = file === null ? null : parseOci(runtime, id, file, owner);
      if (record) host.upsert(record);
    },
    onGone: (id) => {
      source.forget(fileOf(id));
      host.remove({ engine: runtime, owner, id });
    },
    ...entryBounds(source, directory),
  });
}

/** null for what is not, or not yet, the whole file. */
export function parseOci(
  runtime: OciRuntime,
  id: string,
  { text, modifiedMs }: StateFile,
  owner: number | null,
): ContainerRecord | null {
  const state = parseObject(text);
  if (state === null) return null;
  const isRunc = runtime === "runc";
  const labels = isRunc ? runcLabels(state) : {};
  return {
    engine: runtime,
    id,
    names: [id],
    owner,
    pid: pidOf(isRunc ? state.init_process_pid : state.pid),
    startTicks: ticksOf(isRunc ? state.init_process_start : state["process-start-time"]),
    writtenAtMs: modifiedMs,
    state: "running",
    image: textOf(state.bundle) ?? labels.bundle ?? null,
    labels,
  };
}

/** `"bundle=/var/lib/..."` */
function runcLabels(state: JsonObject): Record<string, string> {
  const pairs = textsOf(objectOf(state.config)?.labels).map((line) => {
    const [name = "", ...value] = line.split("=");
    return [name, value.join("=")] as const;
  });
  return Object.fromEntries(pairs);
}
