/**
 * muster.toml and the drop-ins of daemons.d beside it -> Config. Mistakes never throw: each becomes a problem with file
 * and line, what it is about is left out, and the rest is loaded.
 */
import { readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { CONFIG_DEFAULTS } from "#core/model/config-defaults.ts";
import type { Config, ConfigProblem } from "#core/model/declaration.ts";
import { errnoName } from "#core/model/error.ts";
import { type FileText, readConfigFile } from "./file.ts";

export interface LoadOptions {
  /** Absolute. If it does not exist, there is only daemons.d. */
  readonly configFile: string;
  /** Put in front of pid and guard files (--root); "" for the live machine. */
  readonly root: string;
}

/** Asynchronous because the parser is imported only if there is a file for it. */
export async function loadConfig({ configFile, root }: LoadOptions): Promise<Config> {
  const problems: ConfigProblem[] = [];
  const files: { path: string; text: string }[] = [];
  const take = (path: string, content: FileText) => {
    if (content === "missing") return;
    if ("reason" in content) problems.push({ file: path, line: null, reason: content.reason });
    else files.push({ path, text: content.text });
  };
  take(configFile, readConfigFile(configFile));
  for (const path of dropIns(join(dirname(configFile), "daemons.d"), problems)) take(path, readConfigFile(path));
  if (files.length === 0) return { ...CONFIG_DEFAULTS, problems };

  const { ConfigReader } = await import("./reader.ts");
  const reader = new ConfigReader(root);
  for (const { path, text } of files) reader.read(path, text, path === configFile);
  const config = reader.finish();
  return {
    ...config,
    discover: config.discover ?? CONFIG_DEFAULTS.discover,
    problems: [...problems, ...config.problems],
  };
}

function dropIns(directory: string, problems: ConfigProblem[]): string[] {
  try {
    const names = readdirSync(directory).filter((name) => name.endsWith(".toml") && !name.startsWith("."));
    return names.sort().map((name) => join(directory, name));
  } catch (thrown) {
    const errno = errnoName(thrown);
    if (errno !== "ENOENT" && errno !== "ENOTDIR") {
      problems.push({ file: directory, line: null, reason: `cannot be read: ${errno ?? String(thrown)}` });
    } else if (errno === "ENOTDIR") {
      problems.push({ file: directory, line: null, reason: "is not a directory" });
    }
    return [];
  }
}
