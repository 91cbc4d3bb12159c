/** A service that has nothing to do waits for events, and for no time. */
import { expect, test } from "bun:test";
import { createVirtualClock } from "#core/playback/virtual-clock.ts";
import { TemporaryDirectory } from "#test/harness/directory.ts";
import { Peer } from "#test/harness/peer.ts";
import { declaration, TestService } from "#test/harness/service.ts";

test("nobody looks and nothing happens: no timer waits", async () => {
  using directory = new TemporaryDirectory();
  await using peer = await Peer.daemon(directory.file("d.pid"));
  const clock = createVirtualClock();
  await using service = await TestService.open(directory, [declaration("d", directory)], { mode: "watch", clock });
  /** Lets time pass until it is done, however long it takes. */
  const passing = async <T>(work: Promise<T>): Promise<T> => {
    let isDone = false;
    const end = () => {
      isDone = true;
    };
    work.then(end, end);
    while (!isDone) {
      clock.advance(10);
      await new Promise((resolve) => setImmediate(resolve));
    }
    return work;
  };
  await passing(service.local.ready);
  const targets = [{ id: `n1/member/rest/${peer.pid}` }];
  expect(await passing(service.invoke("member.add", "", { targets, arguments: { argv: "rests" } }))).toMatchObject({
    outcome: "done",
  });
  service.service.attend(["n1/daemon/d", `n1/member/rest/${peer.pid}`]);
  clock.advance(60_000);
  expect(clock.pending()).toBeGreaterThan(0);
  service.service.attend([]);
  // What others on this machine set off meanwhile has had its time too.
  clock.advance(60_000);
  expect(clock.pending()).toBe(0);
});
