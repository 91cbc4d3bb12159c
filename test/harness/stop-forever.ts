/** stop-forever.ts DIRECTORY: stops the daemon d in DIRECTORY without a deadline, and says when the wait has begun. */
import { declaration, TestService } from "./service.ts";

const [path = ""] = process.argv.slice(2);
const directory = { path, file: (name: string) => `${path}/${name}`, [Symbol.dispose]: () => {} };

async function main(): Promise<void> {
  const service = await TestService.open(directory, [declaration("d", directory, { stopDeadlineSeconds: 1000 })]);
  const onProgress = ({ step }: { step: { op: string } }) => {
    if (step.op === "wait") process.stdout.write("waiting\n");
  };
  await service.invoke("daemon.stop", "d", { options: { onProgress } });
}

main().catch((thrown) => {
  process.stderr.write(`${thrown}\n`);
  process.exit(1);
});
