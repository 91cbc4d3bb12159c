/** All members of a service, asked for through its socket, beside a listing of as many processes. */
import { join } from "node:path";
import { systemClock } from "#app/cli/system-clock.ts";
import { openRemoteService } from "#core/service/rpc/client.ts";
import { SOCKET_NAME } from "#core/service/rpc/codes.ts";
import { Wire } from "#core/service/rpc/wire.ts";
import { type Bench, count } from "./bench.ts";
import { monotonicMs } from "./clocks.ts";
import { timed } from "./command.ts";
import { median } from "./figures.ts";
import { figure } from "./rows.ts";
import { inTurns } from "./turns.ts";

const MOST_MS = 50;
/** The service makes one batch of what is close together: by then a change is in its snapshot. */
const SETTLED_MS = 100;

/** The service has its socket in `directory` and keeps `members` members. */
export async function list(bench: Bench, directory: string, members: number): Promise<void> {
  const reach = { path: join(directory, SOCKET_NAME), clock: systemClock, trustedUids: [process.getuid?.() ?? 0] };
  const wire = await Wire.connect({ ...reach, onNotification: () => {}, onLost: () => {} });
  // The member that comes and goes is one more.
  const check = (found: number | undefined) => {
    if (found !== members && found !== members + 1)
      throw new Error(`${found} members were listed instead of ${members}`);
  };
  const once = async () => {
    const begunMs = monotonicMs();
    const remote = await openRemoteService({ ...reach, kinds: ["members"], mode: "once", isReadOnly: true });
    const { items } = remote.snapshot().shelves.members;
    const elapsedMs = monotonicMs() - begunMs;
    check(items.size);
    await remote.close();
    return elapsedMs;
  };
  const samples = await inTurns(count(bench, 20, 3), 4, {
    // The service keeps the JSON of what has not changed: this one has it made anew.
    changed: async () => {
      await change(wire);
      return once();
    },
    once,
    request: async () => {
      const begunMs = monotonicMs();
      const { shelves } = await wire.request("snapshot", { kinds: ["members"] });
      const elapsedMs = monotonicMs() - begunMs;
      check(shelves.members?.items.length);
      return elapsedMs;
    },
    ps: () => timed({ argv: ["ps", "-eo", "pid,args"] }),
  });
  wire.close();
  const peer = { name: "ps -eo pid,args", value: median(samples.ps) };
  const what = `${members.toLocaleString("en")} members through the socket`;
  bench.add(figure(`${what}, first after a change`, "ms", median(samples.changed), { most: MOST_MS }, peer));
  bench.add(figure(`${what}, again`, "ms", median(samples.once), { most: MOST_MS }, peer));
  bench.add(figure(`${what}, on an open connection`, "ms", median(samples.request), { most: MOST_MS }, peer));
}

/** This process becomes a member, and the next time is none any more. */
async function change(wire: Wire): Promise<void> {
  const request = {
    targets: [{ id: `n1/member/bench/${process.pid}` }],
    dryRun: false,
    requestId: "bench",
    via: "socket",
  } as const;
  const add = { ...request, action: "member.add", arguments: { argv: "bench" } } as const;
  const remove = { ...request, action: "member.remove", arguments: {} } as const;
  const added = await wire.request("invoke", { request: add });
  const last = added.results[0]?.outcome === "done" ? added : await wire.request("invoke", { request: remove });
  const [result] = last.results;
  if (result?.outcome !== "done") throw new Error(`no member could be changed: ${result?.message}`);
  await Bun.sleep(SETTLED_MS);
}
