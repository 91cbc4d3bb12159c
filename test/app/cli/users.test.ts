/** A user beside root's service: what he sees, what he may, and what he gets of his own. */
import { expect, test } from "bun:test";
import { hasNamespaces } from "#test/harness/containers.ts";
import { groupsMissing } from "#test/harness/job-set.ts";
import { SystemService } from "#test/harness/system-service.ts";

const missing = hasNamespaces ? groupsMissing : "may not make namespaces";
const rootTest = (name: string, body: () => Promise<void>) =>
  test.skipIf(missing !== null)(missing === null ? name : `${name} (skipped: ${missing})`, body);

rootTest("what he sees of root's he is judged for there, and what is his may be registered there", async () => {
  await using system = await SystemService.start();
  await using own = system.processOfUser();
  const vital = String(process.pid);
  expect(await system.asRoot("members", "add", "web", vital)).toMatchObject({ exitCode: 0 });
  const refused = await system.asUser("members", "remove", `web/${vital}`, "--yes");
  expect(refused).toMatchObject({ exitCode: 77, stderr: expect.stringContaining("may not do member.remove") });
  expect(await system.asUser("members", "add", "web", vital)).toMatchObject({ exitCode: 77 });
  const added = await system.asUser("members", "add", "web", String(own.pid));
  expect(added).toMatchObject({ exitCode: 0, stderr: expect.not.stringContaining("started muster's service") });
  const { stdout } = await system.asRoot("members", "list");
  expect(stdout).toContain(`web\t${own.pid}\trunning`);
  expect(stdout).toContain(`web\t${vital}\trunning`);
  expect(await system.asUser("members", "run", "web", "--", "sh", "-c", "exit 7")).toMatchObject({ exitCode: 7 });
  expect((await system.asRoot("members", "list")).stdout).toContain("exit 7");
});

rootTest("the console shows what the lists show", async () => {
  await using system = await SystemService.start();
  await system.asRoot("members", "add", "vital", String(process.pid));
  let step = 0;
  const console = system.consoleOfUser((output, write) => {
    if (step === 0 && output.includes("Daemons")) {
      step = 1;
      write("3");
    }
    if (step === 1 && output.includes("vital")) {
      step = 2;
      write("q");
    }
  });
  expect(await console.exited).toBe(0);
});

rootTest(
  "what root's service makes for root alone, a service of his own makes for him, and from then on he sees that",
  async () => {
    await using system = await SystemService.start();
    const created = await system.asUser("jobs", "create", "--", "true");
    expect(created).toMatchObject({ exitCode: 0, stderr: expect.stringContaining("started muster's service") });
    await system.asRoot("members", "add", "web", String(process.pid));
    expect((await system.asUser("members", "list")).stdout).toBe("");
    expect((await system.asUser("jobs", "report")).stdout).toContain("true");
    expect((await system.asRoot("jobs", "report")).stdout).toBe("");
  },
);
