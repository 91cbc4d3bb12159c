import { expect, test } from "bun:test";
import { TemporaryDirectory } from "#test/harness/directory.ts";
import { Peer } from "#test/harness/peer.ts";
import { TestService } from "#test/harness/service.ts";

test("a member is added, and its exit status is known", async () => {
  using directory = new TemporaryDirectory();
  await using service = await TestService.open(directory, [], { mode: "watch" });
  await using peer = await Peer.start();
  const added = await service.invoke("member.add", "", { targets: [{ id: `n1/member/web/${peer.pid}` }] });
  expect(added).toMatchObject({ outcome: "done", error: null });
  peer.tell("exit 3");
  const event = await service.untilEvent("sys.unix.psm.member.exited");
  expect(event).toMatchObject({
    severity: "warn",
    message: `A member "n1-${peer.pid}" of category "web" has exited: exit 3`,
    variables: { _catname: "web", _pid: peer.pid, _memname: `n1-${peer.pid}`, _exitcode: 768, _node: "n1" },
  });
  const [member] = service.service.snapshot().shelves.members.items.values();
  expect(member).toMatchObject({ state: "exited", exitCode: 768, flags: { exit: true }, exit: { text: "exit 3" } });
  expect(service.service.snapshot().shelves.categories.items.get("n1/category/web")).toMatchObject({
    members: 1,
    failed: 1,
  });
});
