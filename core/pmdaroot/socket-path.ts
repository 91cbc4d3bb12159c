/** Where the socket and the logs are, and who runs PCP, as PCP's own programs find it: the environment first, then pcp.conf(5). */
import { PmdaRootError } from "./error.ts";
import { readStateFile } from "./state-file.ts";
import { STATUS } from "./status.ts";

type Variables = Readonly<Record<string, string | undefined>>;

const STANDARD_CONFIGURATION = "/etc/pcp.conf";

/** PCP_VAR_DIR/pmcd/root.socket. Throws PmdaRootError PM_ERR_GENERIC when nobody tells PCP_VAR_DIR. */
export function defaultSocketPath(variables: Variables): string {
  const directory = pcpSetting(variables, "PCP_VAR_DIR");
  if (directory !== null) return `${directory.replace(/\/+$/, "")}/pmcd/root.socket`;
  const file = configurationFile(variables);
  throw new PmdaRootError(STATUS.GENERIC, `the socket of pmdaroot is not known: ${file} does not tell PCP_VAR_DIR`, {
    target: file,
    hint: "name the socket with --socket, or install PCP",
  });
}

/** The user PCP runs as. */
export function pcpUserName(variables: Variables): string {
  return pcpSetting(variables, "PCP_USER") ?? "pcp";
}

/** Where pmcd and its agents write their logs; null when nobody tells PCP_LOG_DIR. */
export function agentDirectory(variables: Variables): string | null {
  const directory = pcpSetting(variables, "PCP_LOG_DIR");
  return directory === null ? null : `${directory.replace(/\/+$/, "")}/pmcd`;
}

function configurationFile(variables: Variables): string {
  return variables.PCP_CONF || `${variables.PCP_DIR ?? ""}${STANDARD_CONFIGURATION}`;
}

function pcpSetting(variables: Variables, name: "PCP_VAR_DIR" | "PCP_LOG_DIR" | "PCP_USER"): string | null {
  const given = variables[name];
  if (given) return given;
  const text = readStateFile(configurationFile(variables))?.text ?? "";
  return parsePcpConf(text).get(name) ?? null;
}

/** `NAME=value` a line; what is no assignment to a PCP_ variable is skipped. */
export function parsePcpConf(text: string): Map<string, string> {
  const settings = new Map<string, string>();
  for (const line of text.split("\n")) {
    const match = /^(PCP_[A-Z0-9_]+)=(["']?)(.*)\2$/.exec(line.trim());
    if (match) settings.set(match[1] ?? "", match[3] ?? "");
  }
  return settings;
}
