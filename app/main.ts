#!/usr/bin/env bun
/**
 * The door. Owns the process: argv, exit, and what happens to errors that nobody caught.
 * No top-level await: under Bun an uncaught error during one leaves the process hanging with the terminal in raw mode.
 * Nothing is imported here but what the command needs: `daemons control` has to start within a few milliseconds.
 */

async function main(argv: readonly string[]): Promise<number> {
  const variables = { ...process.env } as Record<string, string>;
  if (argv[0] === "daemons" && argv[1] === "control") {
    const { control } = await import("#app/cli/control.ts");
    return control(argv.slice(2), { variables, isReadOnly: false, configFile: null });
  }
  if (argv[0] === "--module-host") {
    const { runModuleHost } = await import("#core/pagg/host/main.ts");
    return runModuleHost((code) => process.exit(code));
  }
  const [{ run }, { systemClock }] = await Promise.all([import("#app/cli/run.ts"), import("#app/cli/system-clock.ts")]);
  const uid = process.geteuid?.() ?? 0;
  return run({ argv, variables, uid, clock: systemClock, exit: (code) => process.exit(code) });
}

/** A defect: said in the form that was asked for, with the exit code for it. */
async function crash(thrown: unknown): Promise<never> {
  const [{ fail }, { wantsJson }] = await Promise.all([import("#app/cli/context.ts"), import("#app/cli/parse.ts")]);
  const variables = { ...process.env } as Record<string, string>;
  process.exit(fail({ isJson: wantsJson(process.argv.slice(2), variables), variables }, thrown));
}

process.on("uncaughtException", crash);
process.on("unhandledRejection", crash);
main(process.argv.slice(2)).then((code) => process.exit(code), crash);
