/** What the host is to muster: every root, directory and id, passed in so that tests and --root can put others in place. */
export interface Environment {
  /** Name of this node, as in ids. */
  readonly node: string;
  /** Where /proc is, without a slash at the end. */
  readonly procRoot: string;
  /** Put in front of the directories that are searched; "" for the live machine. */
  readonly root: string;
  /** Journal and whatever else must outlive a process. */
  readonly stateDirectory: string;
  /** Sockets, pid and guard files. */
  readonly runtimeDirectory: string;
  /** muster.toml; daemons.d stands beside it. */
  readonly configFile: string;
  /** Effective user id of this process. */
  readonly uid: number;
  /** Environment variables, for commands that are started. */
  readonly variables: Readonly<Record<string, string>>;
}
