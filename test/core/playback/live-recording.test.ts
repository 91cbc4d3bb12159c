/** The machine itself is recorded, here and over the socket, and plays to what was known of it at the end. */
import { expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { systemClock } from "#app/cli/system-clock.ts";
import type { ActionRequest } from "#core/act/request.ts";
import { KIND_NAMES } from "#core/model/kind-names.ts";
import { digestOf } from "#core/playback/digest.ts";
import { Fixture } from "#core/playback/fixture.ts";
import { FlightRecorder } from "#core/playback/flight-recorder.ts";
import { Recording } from "#core/playback/recording.ts";
import { createRedactor } from "#core/playback/redact.ts";
import { createScriptedService } from "#core/playback/scripted-service.ts";
import { tapService } from "#core/playback/tap.ts";
import { createVirtualClock } from "#core/playback/virtual-clock.ts";
import type { Service } from "#core/service/service.ts";
import { TemporaryDirectory } from "#test/harness/directory.ts";
import { daemon } from "#test/harness/items.ts";
import { TestServer } from "#test/harness/rpc.ts";
import { declaration, TestService } from "#test/harness/service.ts";

const how = (path: string) => ({
  clock: systemClock,
  path,
  isReplacing: false,
  header: { muster: 1, host: "n1", recordedBy: "muster test" } as const,
  kinds: KIND_NAMES,
  hasKeys: true,
  maxBytes: null,
});
const redactor = () => createRedactor({ take: [], keepsSecrets: true, key: new Uint8Array(32) });

/** What a playback knows at its end, and its answers. */
function played(path: string): Service {
  const fixture = Fixture.open(path);
  const clock = createVirtualClock(fixture.startWallMs);
  const service = createScriptedService(clock, fixture.node);
  for (let index = 0; index < fixture.length; index++) {
    const { record, atMs, place } = fixture.record(index);
    clock.advanceTo(atMs);
    if ("src" in record) service.play([{ record, place, atMs }]);
    else if ("effect" in record) service.effect(record.effect, place);
  }
  expect(service.script.failures).toEqual([]);
  fixture.close();
  return service;
}

test("a service in this process: daemons come, are acted on and go", async () => {
  using directory = new TemporaryDirectory();
  const web = declaration("web", directory);
  await using test = await TestService.open(directory, [web], { mode: "watch" });
  const id = "n1/daemon/web";
  await test.until(({ shelves }) => shelves.daemons.items.has(id));
  const tap = tapService(test.service, systemClock);
  const last = new FlightRecorder({ ...how(""), tap, redactor, lastMs: 60_000, maxBytes: 1_000_000 });
  const recording = Recording.begin({ ...how(directory.file("r")), tap, redactor: redactor() });
  const request = {
    action: "daemon.start",
    targets: [{ id }],
    arguments: {},
    dryRun: false,
    requestId: "r1",
    via: "console",
  };
  const report = await tap.service.invoke(request as ActionRequest);
  expect(report.results[0]?.outcome).toBe("done");
  await test.until(({ shelves }) => shelves.daemons.items.get(id)?.state === "up");
  const stop = { ...request, action: "daemon.stop", requestId: "r2" } as ActionRequest;
  const stopped = await tap.service.invoke(stop);
  writeFileSync(directory.file("found.pid"), "999999\n");
  await test.until(({ shelves }) => shelves.daemons.items.get(id)?.state === "down");
  // All of one moment: the machine goes on.
  const known = test.service.snapshot();
  const stopping = recording.stop();
  last.writeNow(directory.file("last"), "written");
  await stopping;
  for (const name of ["r", "last"]) {
    const service = played(directory.file(name));
    expect(digestOf(service.snapshot())).toBe(digestOf(known));
    expect((await service.invoke(stop)).results).toEqual(stopped.results as never);
  }
});

test("a service over its socket, lost in between", async () => {
  await using server = new TestServer();
  server.service.emit(...KIND_NAMES.map((src) => ({ src, op: "reset", items: [] }) as const));
  const remote = await server.remote();
  const path = server.directory.file("recorded");
  const recording = Recording.begin({ ...how(path), tap: tapService(remote, systemClock), redactor: redactor() });
  const seen = (holds: () => boolean) =>
    new Promise<void>((resolve) => {
      const unsubscribe = remote.subscribe(KIND_NAMES, () => {
        if (!holds()) return;
        unsubscribe();
        resolve();
      });
    });
  const come = seen(() => remote.snapshot().shelves.daemons.items.has("n1/daemon/sshd"));
  server.service.emit({ src: "daemons", op: "upsert", item: daemon("sshd") });
  await come;
  const gone = seen(() => remote.snapshot().shelves.daemons.staleSinceMs !== null);
  await server.server.close();
  await gone;
  await recording.stop();
  const { shelves } = played(path).snapshot();
  expect(digestOf(played(path).snapshot())).toBe(digestOf(remote.snapshot()));
  expect(shelves.daemons).toMatchObject({ status: "failed", error: { code: "UNREACHABLE" } });
  expect(shelves.daemons.staleSinceMs).not.toBeNull();
});
