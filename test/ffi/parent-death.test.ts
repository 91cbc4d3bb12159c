/** PR_SET_PDEATHSIG: whoever asked for it ends with its parent, whatever it is doing. */
import { expect, test } from "bun:test";
import { setParentDeathSignal } from "#ffi/parent-death.ts";
import { PidFd } from "#ffi/pidfd.ts";

test("a child in an endless loop ends with its parent", async () => {
  const root = `${import.meta.dir}/../..`;
  const child = `import { setParentDeathSignal } from "#ffi/parent-death.ts"; setParentDeathSignal(9); console.log(process.pid); for (;;) {}`;
  const parent = `const child = Bun.spawn([process.execPath, "--eval", ${JSON.stringify(child)}], { stdout: "inherit" }); await child.exited;`;
  const middle = Bun.spawn([process.execPath, "--eval", parent], { cwd: root, stdout: "pipe", stderr: "inherit" });
  try {
    const { value } = await middle.stdout.getReader().read();
    using held = PidFd.open(Number(new TextDecoder().decode(value)));
    expect(held?.isAlive()).toBe(true);
    middle.kill("SIGKILL");
    expect(await held?.exited()).toBe(true);
  } finally {
    middle.kill("SIGKILL");
  }
});

test("what is no signal is refused", () => {
  expect(() => setParentDeathSignal(65)).toThrow("EINVAL");
  expect(() => setParentDeathSignal(-1)).toThrow("EINVAL");
});
