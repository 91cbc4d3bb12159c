/** app/cli/exit-codes.md out of the tables of exit codes, error codes and event codes. */
import { ERROR_CODES, EXIT_CODES } from "#core/model/error.ts";
import { EVENT_CODES } from "#core/model/event.ts";
import { LSB } from "./commands/check.ts";
import { table } from "./commands-document.ts";

export function exitCodesDocument(): string {
  const errors = Object.entries(ERROR_CODES).map(([code, [exit, meaning]]) => [`\`${code}\``, String(exit), meaning]);
  const events = Object.entries(EVENT_CODES).map(([code, meaning]) => [`\`${code}\``, meaning]);
  return [
    "# Exit codes, error codes, event codes\n\nGenerated from core/model; `bun run generate` writes it anew.\n",
    `## Exit codes\n\n${table(["exit", "meaning"], Object.entries(EXIT_CODES))}`,
    "`daemons control` has those of ucw-daemon-control(1) instead: 0, 1, 100 to 103.\n",
    `\`daemons check --lsb\` has those of an init script's status action: ${lsbWords()}.\n`,
    `## Error codes\n\nEach has one exit code. With \`--json\` a failure is one line on standard error that holds it.\n`,
    table(["code", "exit", "meaning"], errors),
    `## Event codes\n\nOpen: new ones may come.\n`,
    table(["code", "meaning"], events),
  ].join("\n");
}

/** `deadWithLock` -> `2 dead with lock` */
function lsbWords(): string {
  return Object.entries(LSB)
    .map(([name, code]) => `${code} ${name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)}`)
    .join(", ");
}
