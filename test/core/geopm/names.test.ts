import { describe, expect, test } from "bun:test";
import { existsSync, mkdirSync } from "node:fs";
import { resolveEndpoint } from "#core/geopm/names.ts";
import { GeopmRoom } from "#test/harness/geopm.ts";

describe("where a name leads", () => {
  test("/name to the user's own directory where there is one, else to shared memory", () => {
    using room = new GeopmRoom();
    const { host } = room;
    expect(resolveEndpoint("/job", host).policyPath).toBe(`${host.shmRoot}/job-policy`);
    mkdirSync(`${host.runtimeRoot}/1234`);
    expect(resolveEndpoint("/job", host).samplePath).toBe(`${host.runtimeRoot}/1234/job-sample`);
    expect(resolveEndpoint("/job", { ...host, uid: 0 }).samplePath).toBe(`${host.shmRoot}/job-sample`);
  });

  test("a name without a slash in front to the current directory", () => {
    using room = new GeopmRoom();
    const { host } = room;
    expect(resolveEndpoint("job", host).policyPath).toBe(`${host.cwd}/job-policy`);
    expect(resolveEndpoint("sub/job", host).policyPath).toBe(`${host.cwd}/sub/job-policy`);
    expect(resolveEndpoint("", host).policyPath).toBe(`${host.cwd}/-policy`);
  });

  test("an absolute path is taken as it is", () => {
    using room = new GeopmRoom();
    const place = resolveEndpoint("/dev/shm/job", room.host);
    expect([place.policyPath, place.samplePath]).toEqual(["/dev/shm/job-policy", "/dev/shm/job-sample"]);
    expect([place.kind, place.trap]).toEqual(["path", null]);
  });

  test("with the old layout always to shared memory, with or without the slash", () => {
    using room = new GeopmRoom();
    mkdirSync(`${room.host.runtimeRoot}/1234`);
    for (const name of ["job", "/job"]) {
      expect(resolveEndpoint(name, room.host, "old").policyPath).toBe(`${room.host.shmRoot}/job-policy`);
    }
  });
});

test("what surprises is said, with a name that does not", () => {
  using room = new GeopmRoom();
  const { host } = room;
  expect(resolveEndpoint("job", host).trap).toContain(`in the current directory (${host.cwd}/job-policy)`);
  expect(resolveEndpoint("job", host).trap).toContain(`${host.shmRoot}/job is the same for everyone`);
  expect(resolveEndpoint("/job", host).trap).toContain(
    `depends on the user: here it is ${host.shmRoot}/job-policy (uid 1234)`,
  );
});

test("users of different ids do not meet at /name, but at a path", async () => {
  using room = new GeopmRoom();
  const { host } = room;
  mkdirSync(`${host.runtimeRoot}/1234`);
  room.open("/job", { host: { ...host, uid: 0 } });
  const refusal = await room.attach("monitor", { name: "/job" }).catch((thrown: unknown) => thrown);
  expect(refusal).toMatchObject({ number: 2, code: "NOT_FOUND" });
  room.open(room.name, { host: { ...host, uid: 0 } });
  await room.attach("monitor");
  expect(existsSync(`${room.name}-sample`)).toBe(true);
});
