/**
 * A service in a user namespace without inotify: without-inotify.ts DIRECTORY. Says what its shelves are, and waits for a
 * daemon that comes after it and ends again.
 */
import { Peer } from "./peer.ts";
import { TestService } from "./service.ts";

const [path = ""] = process.argv.slice(2);
const directory = { path, file: (name: string) => `${path}/${name}`, [Symbol.dispose]: () => {} };

await using service = await TestService.open(directory, [], { mode: "watch" });
await service.local.ready;
const statuses = Object.entries(service.service.snapshot().shelves).map(([kind, { status }]) => [kind, status]);
process.stdout.write(`${JSON.stringify(Object.fromEntries(statuses))}\n`);
const pidFile = directory.file("late.pid");
await using peer = await Peer.daemon(pidFile);
await service.untilState(pidFile, "up");
process.stdout.write("up\n");
peer.kill("SIGTERM");
await service.untilState(pidFile, "down");
process.stdout.write("down\n");
