/** Completion scripts out of the table. Names of items are asked of muster itself when they are needed. */
import { bash } from "./completions/bash.ts";
import { fish } from "./completions/fish.ts";
import type { Shell } from "./completions/table.ts";
import { zsh } from "./completions/zsh.ts";

export const completionScript = (shell: Shell): string => ({ bash, zsh, fish })[shell]();
