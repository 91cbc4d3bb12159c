import { expect, test } from "bun:test";
import { EndpointChanges } from "#core/geopm/changes.ts";
import { listEndpoints } from "#core/geopm/listing.ts";
import { RegionFiles } from "#core/geopm/region-files.ts";
import { GeopmRoom } from "#test/harness/geopm.ts";
import { MutexPeer } from "#test/harness/mutex-peers.ts";

/** Counts changes, and resolves when the next one comes. */
class Changes implements Disposable {
  count = 0;
  #tell: () => void = () => {};
  readonly watch: EndpointChanges;

  constructor(directories: readonly string[]) {
    this.watch = new EndpointChanges(directories, () => {
      this.count++;
      this.#tell();
    });
  }

  next(): Promise<void> {
    return new Promise((resolve) => {
      this.#tell = resolve;
    });
  }

  [Symbol.dispose](): void {
    this.watch[Symbol.dispose]();
  }
}

test("one made, attached to, detached from and removed: each is told", async () => {
  using room = new GeopmRoom();
  using changes = new Changes([room.host.shmRoot, "/nonexistent"]);
  const told = async <T>(act: () => T | Promise<T>): Promise<T> => {
    const next = changes.next();
    const result = await act();
    await next;
    return result;
  };
  await told(() => room.open());
  changes.watch.follow([room.name]);
  const user = await told(() => room.attach("monitor"));
  await told(() => user.detach());
  await told(() => Bun.spawnSync(["rm", `${room.name}-sample`]));
  expect(changes.count).toBeGreaterThanOrEqual(4);
});

test("the end of a process that had a region mapped is told", async () => {
  using room = new GeopmRoom();
  const endpoint = room.open();
  const peer = await MutexPeer.start(endpoint.place.samplePath);
  using changes = new Changes([]);
  changes.watch.follow([room.name]);
  const next = changes.next();
  await peer.kill();
  await next;
  expect(changes.count).toBe(1);
});

test("a listing that keeps its files open is no event for itself; what became another file is seen anew", async () => {
  using room = new GeopmRoom();
  using files = new RegionFiles();
  const host = { ...room.host, directories: [] };
  const endpoint = room.open();
  const list = () => listEndpoints(host, files).map(({ state }) => state.isAttached);
  expect(list()).toEqual([false]);
  using changes = new Changes([room.host.shmRoot]);
  changes.watch.follow([room.name]);
  for (let round = 0; round < 3; round++) expect(list()).toEqual([false]);
  const next = changes.next();
  endpoint.close();
  await next;
  expect(changes.count).toBe(1);
  expect(list()).toEqual([]);
  room.endpoint().open();
  await room.attach("monitor");
  expect(list()).toEqual([true]);
});

test("other files of the directory are not told", async () => {
  using room = new GeopmRoom();
  using changes = new Changes([room.host.shmRoot]);
  const next = changes.next();
  await Bun.write(`${room.host.shmRoot}/other`, "x");
  room.open();
  await next;
  expect(changes.count).toBe(1);
});
