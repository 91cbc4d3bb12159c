/** What can be done to endpoints and policies: questions, values that are judged while they are typed, requests, undo. */
import { afterEach, expect, test } from "bun:test";
import { endpoint, limit, policy, powerSample } from "#test/harness/power.ts";
import { ENTER, ESC, openScreen, type Screen, type ScreenOptions } from "#test/harness/screen.ts";

let screen: Screen;
afterEach(() => screen?.close());

const CLEAR = "\x15";

const balancer = policy("power_balancer", null, {
  fields: [
    limit(200),
    { name: "STEP_COUNT", unit: null, value: null, without: "0" },
    { name: "MAX_EPOCH_RUNTIME", unit: "s", value: null, without: "0" },
    { name: "POWER_SLACK", unit: "W", value: null, without: "0" },
  ],
});

async function open(options: ScreenOptions = {}): Promise<void> {
  screen = await openScreen({
    ...options,
    events: [
      {
        src: "endpoints",
        op: "reset",
        items: [
          endpoint("ep0"),
          endpoint("ep1", { agent: null }),
          endpoint("ep2", { agent: null, state: "orphaned", owned: false, ownerPid: null }),
        ],
      },
      {
        src: "policies",
        op: "reset",
        items: [balancer, policy("power_governor", null), policy("power_governor", "dgemm")],
      },
    ],
  });
  await screen.press("5");
}

/** Lines of the list by their places. */
const goTo = (row: number) => screen.press("g", "j".repeat(row));
const [ATTACHED, WAITING, ORPHAN, BALANCER, DEFAULT, DGEMM] = [0, 1, 2, 3, 4, 5];

const request = (index = 0) => screen.service.invocations[index]?.request;
const count = () => screen.service.invocations.length;

test("create: the trap of names is spelled out; a name that depends on the user is confirmed; z asks before it destroys", async () => {
  await open();
  await screen.press("a");
  expect(screen.flat()).toContain("name: /dev/shm/");
  expect(screen.flat()).toContain("An absolute path such as /dev/shm/NAME is the same for everyone.");
  expect(screen.flat()).toContain("/NAME depends on the uid of whoever looks.");
  await screen.press(ENTER);
  expect(screen.flat()).toContain("an endpoint needs a name, such as /dev/shm/NAME");
  await screen.press(CLEAR, "ep9", ENTER);
  expect(screen.flat()).toContain(
    '"ep9" would be a file in the directory of whoever looks: write an absolute path, such as',
  );
  await screen.press(CLEAR, "/dev/shm/ep9", ENTER);
  expect(request()).toMatchObject({
    action: "endpoint.create",
    arguments: {},
    targets: [{ id: "n1/endpoint//dev/shm/ep9" }],
  });
  screen.service.emit({ src: "endpoints", op: "upsert", item: endpoint("ep9", { agent: null }) });
  const id = endpoint("ep9").id;
  screen.service.invocations[0]?.finish({ id, message: "it waits for a controller", undo: "endpoint.destroy" });
  await screen.settle();
  expect(screen.flat()).toContain("it waits for a controller (z takes it back)");
  expect(screen.marked()).toContain("/dev/shm/ep9");
  await screen.press("z");
  expect(screen.flat()).toContain("Destroy endpoint /dev/shm/ep9?");
  await screen.press(ESC, "a", CLEAR, "/ep7", ENTER);
  expect(screen.flat()).toContain('"/ep7" depends on the user');
  await screen.press("n");
  expect(count()).toBe(1);
  await screen.press("a", CLEAR, "/ep7", ENTER, "y");
  expect(request(1)?.targets).toMatchObject([{ id: "n1/endpoint//ep7" }]);
});

test("destroy is confirmed, with who is left without policies", async () => {
  await open();
  await screen.press("D");
  expect(screen.flat()).toContain("the power_governor controller goes on without policies");
  await screen.press(ENTER);
  expect(count()).toBe(0);
  await goTo(ORPHAN);
  await screen.press("D");
  expect(screen.flat()).toContain("no controller that lives is attached");
  expect(screen.flat()).not.toContain("Meanwhile");
  screen.service.emit({ src: "endpoints", op: "upsert", item: endpoint("ep2") });
  await screen.advance(300);
  expect(screen.flat()).toMatch(/Meanwhile: Both regions of \/dev\/shm\/ep2 .* goes on without policies\./);
  await screen.press("n");
  await goTo(ATTACHED);
  await screen.press("D", "y");
  expect(request()).toMatchObject({ action: "endpoint.destroy", targets: [{ id: endpoint("ep0").id }] });
});

test("take over: create with its flag, confirmed; a living owner is named", async () => {
  await open();
  await goTo(ORPHAN);
  await screen.press("t");
  expect(screen.flat()).toContain("Take over /dev/shm/ep2?");
  expect(screen.flat()).toContain("The service goes on with the regions of /dev/shm/ep2 as their owner");
  expect(screen.flat()).not.toContain("goes on with them too");
  await screen.press("y");
  expect(request()).toMatchObject({
    action: "endpoint.create",
    arguments: { "take-over": true },
    targets: [{ id: endpoint("ep2").id }],
  });
  screen.service.invocations[0]?.finish({ message: "its regions stay", undo: "endpoint.release" });
  await screen.settle();
  expect(screen.flat()).toContain("take over /dev/shm/ep2: its regions stay (z takes it back)");
  await goTo(WAITING);
  await screen.press("t");
  expect(screen.flat()).toContain("But its owner, pid 4242, lives, and goes on with them too.");
});

test("write a policy once: the present values to change, judged while they are typed, before and after confirmed", async () => {
  await open();
  await screen.press("e");
  expect(screen.flat()).toContain("Write policy: /dev/shm/ep0");
  expect(screen.flat()).toContain("values: 176");
  expect(screen.flat()).toContain("▸ CPU_POWER_LIMIT (W) 176 W");
  await screen.press(CLEAR, "NA");
  expect(screen.flat()).not.toContain("is no number");
  await screen.press("N");
  expect(screen.flat()).toContain("▸ CPU_POWER_LIMIT (W) NAN: the thermal design power of the packages");
  await screen.press(CLEAR, "none");
  expect(screen.flat()).toContain('CPU_POWER_LIMIT: "none" is no number; NAN is spelled NAN');
  await screen.press(CLEAR, "150,3");
  expect(screen.flat()).toContain("the agent takes 1 value; this is 2");
  await screen.press(ENTER);
  expect(screen.flat()).toContain("the agent takes 1 value; this is 2");
  await screen.press(CLEAR, ENTER);
  expect(screen.flat()).toContain("values are needed; NAN leaves one to the agent");
  await screen.press("150", ENTER);
  expect(screen.flat()).toContain("Write policy /dev/shm/ep0?");
  expect(screen.flat()).toContain("CPU_POWER_LIMIT 176 W -> 150 W");
  expect(screen.flat()).toContain("obeys it within one of its periods");
  await screen.press("y");
  expect(request()).toMatchObject({
    action: "endpoint.policy",
    arguments: { values: "150" },
    targets: [{ id: endpoint("ep0").id }],
  });
  await goTo(WAITING);
  await screen.press("e");
  expect(screen.flat()).toContain("nobody is attached at /dev/shm/ep1");
});

test("an agent that nothing here knows: values by their positions, only their spelling is judged", async () => {
  const item = endpoint("ep0", { agent: "site_agent", policy: [], policyAgeSeconds: null });
  await open({ prepare: (service) => service.emit({ src: "endpoints", op: "upsert", item }) });
  await screen.press("e");
  await screen.press("1,x");
  expect(screen.flat()).toContain('value 2: "x" is no number; NAN leaves it to the agent');
  await screen.press("\x7f", "NAN,3e9", ENTER);
  expect(screen.flat()).toContain("value 1 none -> 1");
  expect(screen.flat()).toContain("value 3 none -> 3000000000");
});

test("set on a policy: values preset, before and after confirmed, z sets the old ones again", async () => {
  await open();
  await goTo(BALANCER);
  await screen.press("e");
  expect(screen.flat()).toContain("Set policy: default of power_balancer");
  expect(screen.flat()).toContain("values: 200,NAN,NAN,NAN");
  expect(screen.flat()).toContain("▸ POWER_SLACK (W) NAN: 0");
  await screen.press(CLEAR, "180,NAN,2.5", ENTER);
  expect(screen.flat()).toContain("CPU_POWER_LIMIT 200 W -> 180 W");
  expect(screen.flat()).toContain("MAX_EPOCH_RUNTIME NAN -> 2.5 s");
  expect(screen.flat()).not.toContain("STEP_COUNT");
  await screen.press(ENTER);
  expect(count()).toBe(0);
  await screen.press("e", CLEAR, "180", ENTER, "y");
  expect(request()).toMatchObject({
    action: "policy.set",
    arguments: { values: "180" },
    targets: [{ id: "n1/policy/power_balancer" }],
  });
  const fields = [limit(180), ...balancer.fields.slice(1)];
  screen.service.emit({ src: "policies", op: "upsert", item: { ...balancer, fields } });
  screen.service.invocations[0]?.finish({ message: "180 is kept" });
  await screen.settle();
  expect(screen.flat()).toContain("180 is kept (z takes it back)");
  await screen.press("z");
  expect(request(1)).toMatchObject({
    action: "policy.set",
    arguments: { values: "200,NAN,NAN,NAN" },
    targets: [{ id: "n1/policy/power_balancer" }],
  });
});

test("values that are there already are said to be; another's change under the dialog too", async () => {
  await open();
  await goTo(DGEMM);
  await screen.press("e", ENTER);
  expect(screen.flat()).toContain("These are the values that are there already.");
  screen.service.emit({
    src: "policies",
    op: "upsert",
    item: policy("power_governor", "dgemm", { fields: [limit(90)] }),
  });
  await screen.advance(300);
  expect(screen.flat()).toContain("power_governor for dgemm was changed meanwhile; this would write over it.");
});

test("a new policy: agent, profile, values; the agent and profile that run there are preset; z removes it again", async () => {
  await open();
  await screen.press("n");
  expect(screen.flat()).toContain("agent: power_governor");
  await screen.press(ENTER);
  expect(screen.flat()).toContain("profile: dgemm");
  await screen.press(CLEAR, "my stream", ENTER);
  expect(screen.flat()).toContain("Set policy: power_governor for my stream");
  await screen.press("120", ENTER);
  expect(screen.flat()).toContain("CPU_POWER_LIMIT none -> 120 W");
  expect(screen.flat()).toContain("Controllers with power_governor and profile my stream get it");
  await screen.press("y");
  expect(request()).toMatchObject({
    action: "policy.set",
    arguments: { values: "120" },
    targets: [{ id: "n1/policy/power_governor/my stream" }],
  });
  const item = policy("power_governor", "my stream", { fields: [limit(120)] });
  screen.service.emit({ src: "policies", op: "upsert", item });
  screen.service.invocations[0]?.finish({ message: "120 is kept" });
  await screen.settle();
  expect(screen.marked()).toContain("my stream");
  await screen.press("z");
  expect(screen.flat()).toContain("Remove policy power_governor for my stream?");
  await screen.press("y");
  expect(request(1)).toMatchObject({ action: "policy.remove", targets: [{ id: item.id }] });
});

test("one that is there already is edited instead; no agent, no slash in it", async () => {
  await open();
  await screen.press("n", CLEAR, ENTER);
  expect(screen.flat()).toContain("a policy is for an agent: name it");
  await screen.press("a/b", ENTER);
  expect(screen.flat()).toContain("the name of an agent holds no '/'");
  await screen.press(CLEAR, "power_balancer", ENTER, CLEAR, ENTER);
  expect(screen.flat()).toContain("values: 200,NAN,NAN,NAN");
});

test("remove is confirmed with what controllers get then, and z sets the values again", async () => {
  await open();
  await goTo(DGEMM);
  await screen.press("d");
  expect(screen.flat()).toContain("Controllers with power_governor and profile dgemm will get the agent's default.");
  await screen.press("y");
  expect(request()).toMatchObject({ action: "policy.remove", targets: [{ id: "n1/policy/power_governor/dgemm" }] });
  screen.service.emit({ src: "policies", op: "remove", id: "n1/policy/power_governor/dgemm", reason: "removed" });
  screen.service.invocations[0]?.finish({ message: "it is gone" });
  await screen.settle();
  await screen.press("z");
  expect(request(1)).toMatchObject({
    action: "policy.set",
    arguments: { values: "176" },
    targets: [{ id: "n1/policy/power_governor/dgemm" }],
  });
});

test("what could not be read cannot be set again", async () => {
  const item = policy("power_governor", "dgemm", {
    fields: [],
    problems: [{ code: "POLICY_UNUSABLE", message: "offset 2 comes after 3" }],
  });
  await open({ prepare: (service) => service.emit({ src: "policies", op: "upsert", item }) });
  await goTo(DGEMM);
  expect(screen.text()).toContain("▲ best");
  await screen.press("d", "y");
  screen.service.invocations[0]?.finish({ message: "it is gone" });
  await screen.settle();
  expect(screen.flat()).not.toContain("takes it back");
  await screen.press("z");
  expect(screen.flat()).toContain("remove power_governor for dgemm was the last action: it cannot be taken back");
});

test("wait: for a controller, or for the attached one to detach; other actions go on, Esc asks to stop", async () => {
  await open();
  await screen.press("w");
  expect(request()).toMatchObject({ action: "endpoint.wait", arguments: { detach: true } });
  await goTo(WAITING);
  await screen.press("w");
  expect(request(1)).toMatchObject({ action: "endpoint.wait", arguments: {} });
  screen.service.invocations[1]?.progress("nobody has attached yet");
  await screen.advance(3200);
  expect(screen.marked()).toContain("wait 3s");
  await screen.press("b");
  expect(request(2)?.action).toBe("endpoint.bind");
  screen.service.invocations[2]?.finish({ undo: "endpoint.unbind" });
  await screen.settle();
  await screen.press(ESC);
  expect(screen.service.invocations[1]?.signal?.aborted).toBe(true);
});

test("bind and unbind, whichever it is; z takes either back", async () => {
  await open();
  await screen.press("B");
  expect(screen.flat()).toContain("/dev/shm/ep0 is not served from a store");
  await screen.press("b");
  const bound = endpoint("ep0", { store: "/var/lib/muster/policystore.db" });
  screen.service.emit({ src: "endpoints", op: "upsert", item: bound });
  screen.service.invocations[0]?.finish({ message: "bound", undo: "endpoint.unbind" });
  await screen.settle();
  await screen.press("z");
  expect(request(1)).toMatchObject({ action: "endpoint.unbind", targets: [{ id: bound.id }] });
  screen.service.emit({ src: "endpoints", op: "upsert", item: endpoint("ep0") });
  screen.service.invocations[1]?.finish({ message: "unbound", undo: "endpoint.bind" });
  await screen.settle();
  await screen.press("z");
  expect(request(2)).toMatchObject({ action: "endpoint.bind", arguments: { policystore: bound.store } });
});

test("sample: the answer in a box, each value with its unit", async () => {
  await open();
  await screen.press("P");
  const sample = powerSample(152.25, null);
  screen.service.invocations[0]?.finish({ message: "sent 0.5 s ago", answer: { agent: "power_governor", sample } });
  await screen.settle();
  expect(screen.flat()).toContain("Read sample: /dev/shm/ep0");
  expect(screen.flat()).toContain("POWER 152.25 W");
  expect(screen.flat()).toContain("IS_CONVERGED no data");
});

test("read-only: nothing is changed, samples and waits go on", async () => {
  await open({ isReadOnly: true });
  for (const key of ["a", "D", "e", "b", "t", "n"]) {
    await screen.press(key);
    expect(screen.flat()).toContain("muster runs read-only");
    await screen.advance(3000);
  }
  await goTo(DEFAULT);
  await screen.press("e");
  expect(screen.flat()).toContain("muster runs read-only");
  await goTo(ATTACHED);
  await screen.press("P", "w");
  expect(screen.service.invocations.map(({ request: { action } }) => action)).toContain("endpoint.sample");
});

test("40x15: many values are told around the caret, and the buttons of the dialog are seen", async () => {
  const fields = Array.from({ length: 62 }, (_, at) => ({
    name: `${at % 2 === 0 ? "HASH" : "FREQ"}_${at >> 1}`,
    unit: at % 2 === 0 ? null : "Hz",
    value: at < 4 ? 1e9 + at : null,
    without: "no region here",
  }));
  await open({
    columns: 40,
    rows: 15,
    prepare: (service) =>
      service.emit({ src: "policies", op: "reset", items: [policy("frequency_map", "fft", { fields })] }),
  });
  await goTo(BALANCER);
  await screen.press("e");
  expect(screen.flat()).toContain("▸ FREQ_1 (Hz) 1 GHz");
  await screen.press(",fft-region", ",2.1e9", ENTER);
  expect(screen.flat()).toContain("HASH_2");
  expect(screen.flat()).toContain("FREQ_2 NAN -> 2.1 GHz");
  expect(screen.flat()).toContain("▸ Cancel");
});
