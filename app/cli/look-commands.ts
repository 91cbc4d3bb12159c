/** list, get and watch: the same three commands for every kind. A row says what is its own. */
import type { NamedKind } from "./kind-words.ts";
import { SELECTION_OPTIONS } from "./options.ts";
import type { ArgumentSpec, CommandSpec } from "./specification.ts";

type Row<Needed extends keyof CommandSpec> = Pick<CommandSpec, Needed> & Partial<CommandSpec>;

export function lookCommands(
  kind: NamedKind,
  names: ArgumentSpec,
  rows: {
    readonly list: Row<"summary" | "examples">;
    readonly get: Row<"summary" | "examples">;
    readonly watch: Row<"summary" | "examples" | "options">;
  },
): CommandSpec[] {
  const ofKind = { kind, takesFields: true } as const;
  return [
    {
      ...ofKind,
      name: `${kind} list`,
      arguments: [],
      options: SELECTION_OPTIONS,
      exits: [0, 3, 64, 74, 78],
      ...rows.list,
    },
    { ...ofKind, name: `${kind} get`, arguments: [names], options: [], exits: [0, 1, 3, 64, 74, 78], ...rows.get },
    {
      ...ofKind,
      name: `${kind} watch`,
      arguments: [{ ...names, isRequired: false }],
      exits: [0, 1, 64, 74, 78],
      ...rows.watch,
    },
  ];
}
