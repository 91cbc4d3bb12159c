/** Whether the configuration says read-only, for the short way of `daemons control`: nothing may get around it. */

/** Reader and parser are loaded only for a file that is there and may say so: the key, or an escape that could spell it. */
export async function isReadOnlyConfigured(configFile: string): Promise<boolean> {
  if (!(await Bun.file(configFile).exists())) return false;
  const { readConfigFile } = await import("#core/config/file.ts");
  const content = readConfigFile(configFile);
  if (content === "missing" || "reason" in content) return false;
  if (!/read_only|\\[uUx]/.test(content.text)) return false;
  const { loadConfig } = await import("#core/config/load.ts");
  return (await loadConfig({ configFile, root: "" })).readOnly;
}
