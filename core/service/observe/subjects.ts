/** Which daemons there are to look at: those declared, and pid files found that none of them owns. */

import { type Discovery, discoverPidFiles } from "#core/daemon/discover.ts";
import { declaredSubject, foundSubject, type Subject } from "#core/daemon/item.ts";
import type { Config } from "#core/model/declaration.ts";

export interface SubjectList {
  readonly subjects: readonly Subject[];
  readonly discovery: Discovery;
}

/** `root` stands in front of the directories that are searched; declarations carry it already. */
export function listSubjects(config: Config, root: string): SubjectList {
  const discovery = discoverPidFiles(config.discover.map((directory) => root + directory));
  const owned = new Set(config.daemons.map((daemon) => daemon.pidFile));
  const found = discovery.pidFiles.filter((pidFile) => !owned.has(pidFile)).map(foundSubject);
  return { subjects: [...config.daemons.map(declaredSubject), ...found], discovery };
}
