/** How this very program is started again: from a checkout through Bun, as the executable by itself. */

export function selfCommand(): string[] {
  return isExecutable() ? [process.execPath] : [process.execPath, Bun.main];
}

/** Inside the executable the program's files have names of their own, which nothing outside can open. */
function isExecutable(): boolean {
  return Bun.main.startsWith("/$bunfs/");
}
