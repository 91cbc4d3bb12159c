/**
 * containerd, for Kubernetes, nerdctl and others: `NAMESPACE/ID/` with `init.pid`, and `config.json` of the OCI runtime
 * specification, whose annotations tell what pod a container is of. CRI-O's containers are podman's (podman.ts).
 */
import { join } from "node:path";
import type { ContainerRecord } from "../container.ts";
import type { EngineHost } from "../container-index.ts";
import { EntryDirectory } from "../entry-directory.ts";
import { labelsOf, parseObject } from "../json.ts";
import { readPidFile, readStateFile } from "../state-file.ts";

export function watchContainerd(host: EngineHost, directory: string): Disposable {
  const namespaces = new Map<string, Disposable>();
  const own = new EntryDirectory({
    tree: host.tree,
    directory,
    inner: [],
    onEntry: (name) => {
      if (!namespaces.has(name)) namespaces.set(name, watchNamespace(host, join(directory, name)));
    },
    onGone: (name) => {
      namespaces.get(name)?.[Symbol.dispose]();
      namespaces.delete(name);
    },
  });
  return {
    [Symbol.dispose]: () => {
      own[Symbol.dispose]();
    },
  };
}

function watchNamespace(host: EngineHost, directory: string): Disposable {
  return new EntryDirectory({
    tree: host.tree,
    directory,
    inner: [""],
    onEntry: (id) => host.upsert(readContainer(directory, id)),
    onGone: (id) => host.remove({ engine: "cri", owner: null, id }),
  });
}

function readContainer(directory: string, id: string): ContainerRecord {
  const file = readPidFile(`${directory}/${id}/init.pid`);
  const labels = labelsOf(parseObject(readStateFile(`${directory}/${id}/config.json`)?.text ?? "")?.annotations);
  return {
    engine: "cri",
    id,
    names: namesOf(labels),
    owner: null,
    pid: file?.pid ?? null,
    startTicks: null,
    writtenAtMs: file?.modifiedMs ?? 0,
    state: file === null ? "created" : "running",
    image: labels["io.kubernetes.cri.image-name"] ?? null,
    labels,
  };
}

/** `POD/CONTAINER` and `CONTAINER`; a pod's own container has the name of the pod. */
function namesOf(labels: Readonly<Record<string, string>>): string[] {
  const pod = labels["io.kubernetes.cri.sandbox-name"];
  const container = labels["io.kubernetes.cri.container-name"];
  const nerdctl = labels["nerdctl/name"];
  const names = container && pod ? [`${pod}/${container}`, container] : [container ?? pod];
  return [...names, nerdctl].filter((name) => name !== undefined && name !== "") as string[];
}
