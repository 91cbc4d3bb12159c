/** Docker: `containers/ID/config.v2.json` below its directory, `config.json` before version 1.10. */
import { join } from "node:path";
import type { ContainerState } from "#core/model/container.ts";
import type { ContainerRecord } from "../container.ts";
import type { EngineHost } from "../container-index.ts";
import { EntryDirectory } from "../entry-directory.ts";
import { type JsonObject, labelsOf, objectOf, parseObject, pidOf, textOf } from "../json.ts";
import { readStateFile, type StateFile } from "../state-file.ts";

const FILES = ["config.v2.json", "config.json"] as const;

export function watchDocker(host: EngineHost, dockerDirectory: string): Disposable {
  const directory = join(dockerDirectory, "containers");
  return new EntryDirectory({
    tree: host.tree,
    directory,
    inner: [""],
    onEntry: (id) => {
      const record = readContainer(directory, id);
      if (record) host.upsert(record);
    },
    onGone: (id) => host.remove({ engine: "docker", owner: null, id }),
  });
}

function readContainer(directory: string, id: string): ContainerRecord | null {
  for (const name of FILES) {
    const file = readStateFile(`${directory}/${id}/${name}`);
    if (file !== null) return parseDocker(id, file);
  }
  return null;
}

/** null for what is not, or not yet, the whole file. */
export function parseDocker(id: string, { text, modifiedMs }: StateFile): ContainerRecord | null {
  const whole = parseObject(text);
  const state = objectOf(whole?.State);
  if (whole === null || state === null) return null;
  const config = objectOf(whole.Config);
  const name = textOf(whole.Name)?.replace(/^\//, "");
  return {
    engine: "docker",
    id,
    names: name ? [name] : [],
    owner: null,
    pid: pidOf(state.Pid),
    startTicks: null,
    writtenAtMs: modifiedMs,
    state: stateOf(state),
    image: textOf(config?.Image) ?? textOf(whole.Image),
    labels: labelsOf(config?.Labels),
  };
}

/** A paused container is also Running to docker. */
function stateOf(state: JsonObject): ContainerState {
  if (state.Paused === true) return "paused";
  if (state.Restarting === true) return "restarting";
  if (state.Running === true) return "running";
  return NEVER.test(textOf(state.StartedAt) ?? "") ? "created" : "stopped";
}

/** Go's zero time. */
const NEVER = /^0001-/;
