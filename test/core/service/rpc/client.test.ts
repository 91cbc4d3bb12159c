/** The service over the socket is the same as the one in process; what is different when the socket is lost. */
import { describe, expect, test } from "bun:test";
import { rmSync, writeFileSync } from "node:fs";
import { systemClock } from "#app/cli/system-clock.ts";
import type { Clock } from "#core/model/clock.ts";
import type { MusterError } from "#core/model/error.ts";
import { createVirtualClock } from "#core/playback/virtual-clock.ts";
import { openRemoteService, type RemoteService } from "#core/service/rpc/client.ts";
import type { Change } from "#core/service/service.ts";
import type { Snapshot } from "#core/store/snapshot.ts";
import { TemporaryDirectory } from "#test/harness/directory.ts";
import { daemon, event } from "#test/harness/items.ts";
import { stopRequest, TestServer, UID } from "#test/harness/rpc.ts";

function until(service: RemoteService, fits: (snapshot: Snapshot) => boolean): Promise<Snapshot> {
  if (fits(service.snapshot())) return Promise.resolve(service.snapshot());
  return new Promise((resolve) => {
    const end = service.subscribe(["daemons", "events"], ({ snapshot }) => {
      if (!fits(snapshot)) return;
      end();
      resolve(snapshot);
    });
  });
}

describe("through the socket", () => {
  test("the snapshot is the service's, and so is every change", async () => {
    await using server = new TestServer();
    server.service.emit({ src: "daemons", op: "reset", items: [daemon("web"), daemon("mail")], warnings: [] });
    const remote = await server.remote();
    expect(remote.snapshot().shelves.daemons).toEqual(server.service.snapshot().shelves.daemons);
    const batches: Change["batch"][] = [];
    remote.subscribe(["daemons"], ({ batch }) => batches.push(batch));
    server.service.emit({ src: "daemons", op: "upsert", item: daemon("web", { state: "down" }) });
    server.service.emit({ src: "daemons", op: "remove", id: "n1/daemon/mail", reason: "pid-file-gone" });
    await until(remote, ({ shelves }) => shelves.daemons.items.size === 1);
    expect(remote.snapshot().shelves.daemons).toEqual(server.service.snapshot().shelves.daemons);
    expect(batches.flat().map(({ op }) => op)).toEqual(["upsert", "remove"]);
  });

  test("a source that failed has failed here too, with its items", async () => {
    await using server = new TestServer();
    const error = { code: "SYSTEM", message: "gone", target: null, errno: null, hint: null } as const;
    server.service.emit(
      { src: "daemons", op: "reset", items: [daemon("web")] },
      { src: "daemons", op: "unavailable", error: { ...error, retryable: false, causes: [] } },
    );
    const remote = await server.remote();
    expect(remote.snapshot().shelves.daemons).toEqual(server.service.snapshot().shelves.daemons);
  });

  test("once: nothing is given before everything asked for is there, and pid files are looked at again", async () => {
    await using server = new TestServer();
    const opened = server.remote({ mode: "once", kinds: ["daemons"] });
    const raw = await server.raw();
    while (server.service.refreshes.count === 0) await raw.ask("ping");
    server.service.emit({ src: "daemons", op: "reset", items: [daemon("web")] });
    expect((await opened).snapshot().shelves.daemons.items.size).toBe(1);
  });

  test("read-only is what the service says now, also after it began anew", async () => {
    await using server = new TestServer();
    server.service.emit({ src: "daemons", op: "reset", items: [daemon("web")] });
    const remote = await server.remote({ kinds: ["daemons"] });
    expect(remote.isReadOnly).toBe(false);
    server.service.isReadOnly = true;
    server.server.tellMode();
    await remote.events({ limit: 1 });
    expect(remote.isReadOnly).toBe(true);
    await server.server.close();
    await until(remote, ({ shelves }) => shelves.daemons.staleSinceMs !== null);
    server.service.isReadOnly = false;
    server.listen();
    await until(remote, ({ shelves }) => shelves.daemons.status === "ready");
    expect(remote.isReadOnly).toBe(false);
  });

  test("an action: progress, cancelling, report", async () => {
    await using server = new TestServer();
    const remote = await server.remote();
    const { promise: told, resolve } = Promise.withResolvers<string>();
    const abort = new AbortController();
    const options = { onProgress: ({ step }: { step: { text: string } }) => resolve(step.text), signal: abort.signal };
    const report = remote.invoke(stopRequest("r1"), options);
    await remote.events({ limit: 1 });
    const [invocation] = server.service.invocations;
    invocation?.progress("waiting for the lock");
    expect(await told).toBe("waiting for the lock");
    abort.abort();
    await remote.events({ limit: 1 });
    expect(invocation?.signal?.aborted).toBe(true);
    invocation?.finish({ outcome: "unknown" });
    expect((await report).results).toMatchObject([{ id: "n1/daemon/web", outcome: "unknown" }]);
  });

  test("an action that ends because the service does is still reported", async () => {
    await using server = new TestServer();
    const remote = await server.remote();
    const report = remote.invoke(stopRequest("r1"));
    await remote.events({ limit: 1 });
    const [invocation] = server.service.invocations;
    const message = "the lock is held still; given up";
    invocation?.signal?.addEventListener("abort", () => invocation.finish({ outcome: "failed", message }));
    await server.server.close();
    expect((await report).results).toMatchObject([{ outcome: "failed", message }]);
  });

  test("what is asked of a service that is about to end is not begun", async () => {
    await using server = new TestServer();
    const remote = await server.remote();
    const report = remote.invoke(stopRequest("r1"));
    await remote.events({ limit: 1 });
    const closed = server.server.close();
    const late = remote.invoke(stopRequest("r2"));
    await remote.events({ limit: 1 });
    expect(server.service.invocations).toHaveLength(1);
    server.service.invocations[0]?.finish({});
    await expect(late).rejects.toMatchObject({ code: "BUSY" });
    await Promise.all([report, closed]);
  });

  test("what the service refuses is thrown as the same error", async () => {
    await using server = new TestServer();
    const remote = await server.remote();
    const report = remote.invoke(stopRequest("r1"));
    await remote.events({ limit: 1 });
    const error = { code: "USAGE", target: "r1" };
    await expect(remote.invoke(stopRequest("r1"))).rejects.toMatchObject(error);
    server.service.invocations[0]?.finish({});
    await report;
  });

  test("history and what is on the screen", async () => {
    await using server = new TestServer();
    server.service.journal = [event(1), event(2), event(3)];
    const remote = await server.remote();
    remote.attend(["n1/daemon/web"]);
    expect(await remote.events({ limit: 2 })).toEqual([event(2), event(3)]);
    expect(server.service.attended).toEqual([["n1/daemon/web"]]);
  });

  test("read-only on this side: nothing is sent", async () => {
    await using server = new TestServer();
    const remote = await server.remote({ isReadOnly: true });
    const { results } = await remote.invoke(stopRequest("r1"));
    expect(results).toMatchObject([{ outcome: "refused", error: { code: "READ_ONLY" } }]);
    await remote.events({ limit: 1 });
    expect(server.service.invocations).toEqual([]);
  });
});

describe("the connection is lost", () => {
  test("items stay, stale and with the reason; a new service is found by itself", async () => {
    await using server = new TestServer();
    server.service.emit({ src: "daemons", op: "reset", items: [daemon("web")] });
    const remote = await server.remote({ kinds: ["daemons"] });
    remote.attend(["n1/daemon/web"]);
    await server.server.close();
    const lost = await until(remote, ({ shelves }) => shelves.daemons.staleSinceMs !== null);
    expect(lost.shelves.daemons).toMatchObject({ status: "failed", error: { code: "UNREACHABLE" } });
    expect(lost.shelves.daemons.items.size).toBe(1);
    server.service.emit({ src: "daemons", op: "upsert", item: daemon("mail") });
    server.listen();
    const back = await until(remote, ({ shelves }) => shelves.daemons.status === "ready");
    expect(back.shelves.daemons).toMatchObject({ staleSinceMs: null, error: null });
    expect(back.shelves.daemons.items.size).toBe(2);
    await remote.events({ limit: 1 });
    expect(server.service.attended.at(-1)).toEqual(["n1/daemon/web"]);
  });

  test("whoever asks for a new look does not wait for the next attempt; what to do meanwhile is said", async () => {
    await using server = new TestServer();
    server.service.emit({ src: "daemons", op: "reset", items: [daemon("web")] });
    const clock = createVirtualClock();
    const remote = await server.remote({ kinds: ["daemons"], clock });
    await server.server.close();
    const lost = await until(remote, ({ shelves }) => shelves.daemons.staleSinceMs !== null);
    expect(lost.shelves.daemons.error?.hint).toContain("muster serve");
    const refused = await remote.refresh().catch((thrown: unknown) => thrown);
    expect(refused).toMatchObject({ code: "UNREACHABLE", hint: expect.stringContaining("muster serve") });
    server.listen();
    await remote.refresh();
    expect(remote.snapshot().shelves.daemons).toMatchObject({ status: "ready", staleSinceMs: null });
    expect(server.service.refreshes.count).toBe(1);
  });

  test("a service that goes again while it is come back to is tried again, by one connection", async () => {
    using directory = new TemporaryDirectory();
    const path = directory.file("muster.sock");
    const virtual = createVirtualClock();
    const pauses: number[] = [];
    const secondPause = Promise.withResolvers<void>();
    const clock: Clock = {
      ...virtual,
      setTimer: (delayMs, callback) => {
        if (delayMs >= 100 && delayMs < 1000) pauses.push(delayMs);
        if (delayMs === 200) secondPause.resolve();
        return virtual.setTimer(delayMs, callback);
      },
    };
    let subscriptions = 0;
    const service = scripted(path, {
      events: () => null,
      subscribe: (id) => (++subscriptions === 2 ? null : subscribed(id, 1, [daemon(`d${subscriptions}`)])),
    });
    const remote = await openRemoteService(optionsFor(path, clock));
    await remote.events({ limit: 1 }).catch(() => {});
    virtual.advance(100);
    await secondPause.promise;
    virtual.advance(200);
    await until(remote, ({ shelves }) => shelves.daemons.items.has("n1/daemon/d3"));
    expect([pauses, virtual.pending()]).toEqual([[100, 200], 0]);
    await remote.close();
    service.stop(true);
  });

  test("closed while it is come back to, it asks for nothing more", async () => {
    using directory = new TemporaryDirectory();
    const path = directory.file("muster.sock");
    const clock = createVirtualClock();
    const asked: string[] = [];
    let remote: RemoteService | null = null;
    const gone = Promise.withResolvers<void>();
    const service = scripted(
      path,
      {
        events: () => null,
        hello: (id) => {
          asked.push("hello");
          if (asked.length > 2) void remote?.close();
          return `${JSON.stringify({ jsonrpc: "2.0", id, result: { node: "n1", isReadOnly: false } })}\n`;
        },
        subscribe: (id) => {
          asked.push("subscribe");
          return subscribed(id, 1, []);
        },
      },
      () => asked.length > 2 && gone.resolve(),
    );
    remote = await openRemoteService(optionsFor(path, clock));
    await remote.events({ limit: 1 }).catch(() => {});
    clock.advance(100);
    await gone.promise;
    expect(asked).toEqual(["hello", "subscribe", "hello"]);
    service.stop(true);
  });

  test("of what changes nothing no effect is in doubt", async () => {
    using directory = new TemporaryDirectory();
    const path = directory.file("muster.sock");
    const service = scripted(path, { invoke: () => null });
    for (const change of [{ action: "job.wait" }, { dryRun: true }, { action: "module.ctl" }] as const) {
      const remote = await openRemoteService(optionsFor(path, systemClock));
      const { results } = await remote.invoke({ ...stopRequest("r1"), ...change });
      const isDoubtful = "action" in change && change.action === "module.ctl";
      expect(results).toMatchObject([{ outcome: isDoubtful ? "unknown" : "failed", error: { code: "UNREACHABLE" } }]);
      if (!isDoubtful) expect(results[0]?.error?.hint).toContain("nothing was changed");
      await remote.close();
    }
    service.stop(true);
  });

  test("what was in flight is unknown, what comes after is not sent", async () => {
    using directory = new TemporaryDirectory();
    const path = directory.file("muster.sock");
    // Dies with the action in its hands.
    const service = scripted(path, { invoke: () => null });
    const remote = await openRemoteService(optionsFor(path, systemClock));
    const { results } = await remote.invoke(stopRequest("r1"));
    expect(results).toMatchObject([{ id: "n1/daemon/web", outcome: "unknown", error: { code: "UNREACHABLE" } }]);
    expect(results[0]?.message).toContain("not known");
    service.stop(true);
    const later = await remote.invoke(stopRequest("r2"));
    expect(later.results).toMatchObject([{ outcome: "refused", error: { code: "UNREACHABLE" } }]);
    await expect(remote.events({ limit: 1 })).rejects.toMatchObject({ code: "UNREACHABLE" });
    await remote.close();
  });

  test("after a gap everything is asked for again", async () => {
    using directory = new TemporaryDirectory();
    const path = directory.file("muster.sock");
    let subscriptions = 0;
    const gap = '{"jsonrpc":"2.0","method":"gap","params":{"subscription":1,"dropped":7}}\n';
    const service = scripted(path, {
      subscribe: (id) => {
        subscriptions++;
        const items = [daemon(`d${subscriptions}`)];
        return `${subscribed(id, subscriptions, items)}${subscriptions === 1 ? gap : ""}`;
      },
    });
    const remote = await openRemoteService(optionsFor(path, systemClock));
    await until(remote, ({ shelves }) => shelves.daemons.items.has("n1/daemon/d2"));
    expect([...remote.snapshot().shelves.daemons.items.keys()]).toEqual(["n1/daemon/d2"]);
    await remote.close();
    service.stop(true);
  });
});

describe("nobody there", () => {
  const failure = (opened: Promise<RemoteService>): Promise<MusterError> =>
    opened.then(
      () => Promise.reject(new Error("opened")),
      (thrown) => thrown,
    );

  test("no socket, a socket without a service, a file that is none", async () => {
    using directory = new TemporaryDirectory();
    const path = directory.file("muster.sock");
    expect((await failure(openRemoteService(optionsFor(path, systemClock)))).code).toBe("UNREACHABLE");
    writeFileSync(path, "");
    expect((await failure(openRemoteService(optionsFor(path, systemClock)))).code).toBe("UNREACHABLE");
    rmSync(path);
  });

  test("a service that does not answer is waited for one second", async () => {
    using directory = new TemporaryDirectory();
    const path = directory.file("muster.sock");
    const clock = createVirtualClock();
    const silent = Bun.listen({ unix: path, socket: { data: () => clock.advance(1000) } });
    expect((await failure(openRemoteService(optionsFor(path, clock)))).code).toBe("TIMED_OUT");
    silent.stop(true);
  });

  test("a service that goes before it has told what there is: whoever opened it is told, and nobody comes back", async () => {
    using directory = new TemporaryDirectory();
    const path = directory.file("muster.sock");
    const clock = createVirtualClock();
    const service = scripted(path, { subscribe: () => null });
    expect((await failure(openRemoteService(optionsFor(path, clock)))).code).toBe("UNREACHABLE");
    expect(clock.pending()).toBe(0);
    service.stop(true);
  });

  test("another user's socket is not muster's", async () => {
    await using server = new TestServer();
    const error = await failure(server.remote({ trustedUids: [UID + 1] }));
    expect(error.code).toBe("PERMISSION_DENIED");
  });
});

function optionsFor(path: string, clock: Clock) {
  return { path, clock, trustedUids: [UID], kinds: ["daemons"], mode: "watch", isReadOnly: false } as const;
}

function subscribed(id: number, subscription: number, items: readonly object[]): string {
  const shelves = { daemons: { status: "ready", error: null, staleSinceMs: null, warnings: [], items } };
  const snapshot = { seq: 1, atMs: 0, nowMs: 0, node: "n1", shelves };
  return `${JSON.stringify({ jsonrpc: "2.0", id, result: { subscription, snapshot } })}\n`;
}

/** A service that says what a test wants said; null: it is gone. */
function scripted(
  path: string,
  answers: Readonly<Record<string, (id: number) => string | null>>,
  onLeft: () => void = () => {},
) {
  const standard: typeof answers = {
    hello: (id) => `${JSON.stringify({ jsonrpc: "2.0", id, result: { node: "n1", isReadOnly: false } })}\n`,
    subscribe: (id) => subscribed(id, 1, []),
  };
  return Bun.listen({
    unix: path,
    socket: {
      close: onLeft,
      data: (socket, chunk) => {
        for (const line of chunk.toString().split("\n").slice(0, -1)) {
          const { id, method } = JSON.parse(line);
          const answer = (answers[method] ?? standard[method])?.(id);
          if (answer === null) socket.terminate();
          else if (answer !== undefined) socket.write(answer);
        }
      },
    },
  });
}
