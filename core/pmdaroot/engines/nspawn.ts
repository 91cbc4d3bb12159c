/** systemd-nspawn: what systemd-machined(8) knows, a file of assignments a machine. */
import type { ContainerRecord } from "../container.ts";
import type { EngineHost } from "../container-index.ts";
import { EntryDirectory } from "../entry-directory.ts";
import { readStateFile, type StateFile } from "../state-file.ts";

export function watchMachines(host: EngineHost, directory: string): Disposable {
  return new EntryDirectory({
    tree: host.tree,
    directory,
    inner: [],
    // Beside each there is a link of its unit to it, and the file is written under another name first.
    isEntry: (name) => !name.includes(":") && !name.includes("#"),
    onEntry: (name) => {
      const file = readStateFile(`${directory}/${name}`);
      const record = file === null ? null : parseMachine(name, file);
      if (record) host.upsert(record);
    },
    onGone: (name) => host.remove({ engine: "nspawn", owner: null, id: name }),
  });
}

/** null for virtual machines, and for what has no leader. */
export function parseMachine(name: string, { text, modifiedMs }: StateFile): ContainerRecord | null {
  const values = new Map<string, string>();
  for (const line of text.split("\n")) {
    const match = /^([A-Z_]+)="?([^"]*)"?$/.exec(line);
    if (match) values.set(match[1] ?? "", match[2] ?? "");
  }
  const leader = values.get("LEADER") ?? "";
  if (values.get("CLASS") !== "container" || !/^[1-9][0-9]{0,9}$/.test(leader)) return null;
  return {
    engine: "nspawn",
    id: name,
    names: [name],
    owner: null,
    pid: Number(leader) <= 0x7fff_ffff ? Number(leader) : null,
    startTicks: null,
    writtenAtMs: modifiedMs,
    state: "running",
    image: values.get("ROOT") ?? null,
    labels: {},
  };
}
