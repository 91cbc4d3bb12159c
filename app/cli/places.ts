/**
 * Where muster's files are. Imports nothing: `daemons control` asks it on its short way.
 *
 *              root                      others                       --root DIR
 *   runtime    /run/muster               $XDG_RUNTIME_DIR/muster      DIR/run/muster
 *   state      /var/lib/muster           $XDG_STATE_HOME/muster       DIR/var/lib/muster
 *   config     /etc/muster/muster.toml   $XDG_CONFIG_HOME/muster/...  DIR/etc/muster/muster.toml
 */

export interface PlacesInput {
  readonly variables: Readonly<Record<string, string>>;
  readonly uid: number;
  /** --root, absolute and without a slash at the end; "" for the live machine. */
  readonly root: string;
  /** --config, absolute. */
  readonly configFile: string | null;
}

export interface Places {
  readonly runtimeDirectory: string;
  readonly stateDirectory: string;
  readonly configFile: string;
}

export function placesOf({ variables, uid, root, configFile }: PlacesInput): Places {
  const isSystem = uid === 0 || root !== "";
  const home = variables.HOME ?? "";
  const runtime = isSystem ? `${root}/run/muster` : `${userRuntime(variables, uid)}/muster`;
  const state = isSystem ? `${root}/var/lib/muster` : `${xdg(variables.XDG_STATE_HOME, `${home}/.local/state`)}/muster`;
  const config = isSystem ? `${root}/etc/muster` : `${xdg(variables.XDG_CONFIG_HOME, `${home}/.config`)}/muster`;
  return {
    runtimeDirectory: variables.MUSTER_RUNTIME_DIR || runtime,
    stateDirectory: variables.MUSTER_STATE_DIR || state,
    configFile: configFile ?? (variables.MUSTER_CONFIG || `${config}/muster.toml`),
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
