/** What this host and this user are to muster: Environment out of variables, uid and options. */
import { readFileSync } from "node:fs";
import { hostname } from "node:os";
import type { Environment } from "#core/model/environment.ts";

export interface EnvironmentInput {
  readonly variables: Readonly<Record<string, string>>;
  readonly uid: number;
  /** --root, absolute and without a slash at the end; "" for the live machine. */
  readonly root: string;
  /** --config, absolute. */
  readonly configFile: string | null;
}

/**
 *              root                      others                       --root DIR
 *   runtime    /run/muster               $XDG_RUNTIME_DIR/muster      DIR/run/muster
 *   state      /var/lib/muster           $XDG_STATE_HOME/muster       DIR/var/lib/muster
 *   config     /etc/muster/muster.toml   $XDG_CONFIG_HOME/muster/...  DIR/etc/muster/muster.toml
 */
export function makeEnvironment(input: EnvironmentInput): Environment {
  const { variables, uid, root } = input;
  const isSystem = uid === 0 || root !== "";
  const home = variables.HOME ?? "";
  const procRoot = `${root}/proc`;
  const runtime = isSystem ? `${root}/run/muster` : `${userRuntime(variables, uid)}/muster`;
  const state = isSystem ? `${root}/var/lib/muster` : `${xdg(variables.XDG_STATE_HOME, `${home}/.local/state`)}/muster`;
  const config = isSystem ? `${root}/etc/muster` : `${xdg(variables.XDG_CONFIG_HOME, `${home}/.config`)}/muster`;
  return {
    node: nodeName(procRoot),
    procRoot,
    root,
    stateDirectory: variables.MUSTER_STATE_DIR || state,
    runtimeDirectory: variables.MUSTER_RUNTIME_DIR || runtime,
    configFile: input.configFile ?? (variables.MUSTER_CONFIG || `${config}/muster.toml`),
    uid,
    variables,
  };
}

/** The XDG specification says that relative paths are to be ignored. */
function xdg(value: string | undefined, standard: string): string {
  return value?.startsWith("/") ? value : standard;
}

/** Without a login session there is no XDG_RUNTIME_DIR; a directory of one's own under /tmp is what is left. */
function userRuntime(variables: Readonly<Record<string, string>>, uid: number): string {
  return xdg(variables.XDG_RUNTIME_DIR, `${xdg(variables.TMPDIR, "/tmp")}/muster-${uid}`);
}

/** The kernel's name of the node, from the tree that is looked at; ids begin with it, so it may not hold a slash. */
function nodeName(procRoot: string): string {
  let name = "";
  try {
    name = readFileSync(`${procRoot}/sys/kernel/hostname`, "utf8").trim();
  } catch {
    name = hostname();
  }
  return name.replaceAll("/", "_") || "localhost";
}
