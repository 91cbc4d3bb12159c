/** What is taken out of a recording before anybody else sees it. */
import { expect, test } from "bun:test";
import { createRedactor, type Redaction, type RedactionOptions } from "#core/playback/redact.ts";
import { jobCreated, jobEnded } from "#core/service/observe/pagg-events.ts";

const KEY = new Uint8Array(32).fill(7);
const redactor = (take: readonly Redaction[] = [], more: Partial<RedactionOptions> = {}) =>
  createRedactor({ take, keepsSecrets: false, key: KEY, ...more });

function taken(text: string): string {
  const { argv } = JSON.parse(redactor().json({ argv: text })) as { argv: string };
  return argv;
}

test("secrets on command lines go, and what they belong to stays", () => {
  const cases: readonly (readonly [before: string, after: string])[] = [
    ["pg --password=hunter2 -v", "pg --password=[redacted] -v"],
    ["pg --db-password hunter2 -v", "pg --db-password [redacted] -v"],
    ["pg --password 'a b' -v", "pg --password [redacted] -v"],
    ["env API_KEY=abc123 run", "env API_KEY=[redacted] run"],
    ["MYAPP_SECRET_TOKEN=x y", "MYAPP_SECRET_TOKEN=[redacted] y"],
    ["curl https://ada:pw@host/x", "curl https://ada:[redacted]@host/x"],
    ["curl -H 'Authorization: Bearer abcdef0123'", "curl -H 'Authorization: Bearer [redacted]'"],
    ["curl -H 'Authorization: Digest abc def' x", "curl -H 'Authorization: Digest [redacted]' x"],
    ["curl -H 'Cookie: a=b; c=d' x", "curl -H 'Cookie: [redacted]' x"],
    ["curl -s -u ada:pw http://x", "curl -s -u ada:[redacted] http://x"],
    ["git clone https://abcdefghij0123456789@host/x", "git clone https://[redacted]@host/x"],
    ["get ftp://ada:p@w@host/x", "get ftp://ada:[redacted]@host/x"],
    ["get https://host/x?a=1&sig=abc", "get https://host/x?a=1&sig=[redacted]"],
    [
      "MYSQL_PWD=x DB_PASS=y run --pass z --pw=q",
      "MYSQL_PWD=[redacted] DB_PASS=[redacted] run --pass [redacted] --pw=[redacted]",
    ],
    ["openssl -passin pass:x -v", "openssl -passin pass:[redacted] -v"],
    ["redis-cli -h n1 -a x ping", "redis-cli -h n1 -a [redacted] ping"],
    ["ldapsearch -D cn=a -w x -v", "ldapsearch -D cn=a -w [redacted] -v"],
    ["password = x y", "password = [redacted] y"],
    [`pg --password="a\\"b c"'d e' -v`, "pg --password=[redacted] -v"],
    // An argument list that the kernel or a member's record has cut off.
    [`pg --password="a b`, "pg --password=[redacted]"],
    ["x glpat-abcdefghij0123456789 y", "x [redacted] y"],
    ["x xoxb-123456789012-abcdef y", "x [redacted] y"],
    ["sshpass -p 'a b' ssh n1", "sshpass -p [redacted] ssh n1"],
    ["sshpass -p pw ssh n1", "sshpass -p [redacted] ssh n1"],
    ["mysqld_safe -u root -phunter2 -v", "mysqld_safe -u root -p[redacted] -v"],
    [`gh ghp_${"a".repeat(36)} x`, "gh [redacted] x"],
    ["aws AKIAIOSFODNN7EXAMPLE x", "aws [redacted] x"],
    ["jwt eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln x", "jwt [redacted] x"],
    ["k -----BEGIN RSA PRIVATE KEY-----\nMII\n-----END RSA PRIVATE KEY----- x", "k [redacted] x"],
  ];
  for (const [before, after] of cases) expect(taken(before)).toBe(after);
});

test("what is no secret stays as it is", () => {
  for (const text of [
    "/usr/sbin/sshd -D -p 22",
    "tokenizer --help",
    "nginx: master",
    "passwd",
    "--token --verbose",
    "PWD=/root make",
    "bypass=1",
    "author=ada",
  ]) {
    expect(taken(text)).toBe(text);
  }
});

test("what an event tells in words goes as well", () => {
  const record = { src: "events", op: "upsert", item: { message: "login failed, password: hunter2" } };
  expect(JSON.parse(redactor().json(record)).item.message).toBe("login failed, password: [redacted]");
  expect(JSON.parse(redactor().json({ argv: ["p11", "--pin", "1234", "--pin", "0-3"] })).argv).toEqual([
    "p11",
    "--pin",
    "[redacted]",
    "--pin",
    "0-3",
  ]);
});

test("a label that is called like a secret is one", () => {
  const labels = { "app.password": "hunter2", API_TOKEN: "abc", "app.tokens": "5", tier: "web" };
  expect(JSON.parse(redactor().json({ labels })).labels).toEqual({
    "app.password": "[redacted]",
    API_TOKEN: "[redacted]",
    "app.tokens": "5",
    tier: "web",
  });
  const kept = redactor([], { keepsSecrets: true });
  expect(JSON.parse(kept.json({ labels })).labels).toEqual(labels);
});

test("with the hosts their addresses go, each by one word everywhere, and only then", () => {
  const record = { node: "10.0.0.7", message: "10.0.0.7 asked 2001:db8::5 (aa:bb:cc:dd:ee:ff)", version: "v1.2.3.4" };
  const left = JSON.parse(redactor(["hosts"]).json(record));
  expect(left.message).toMatch(/^host-[0-9a-f]{8} asked host-[0-9a-f]{8} \(host-[0-9a-f]{8}\)$/);
  expect(left.message).toStartWith(left.node);
  expect(left.version).toBe("v1.2.3.4");
  expect(JSON.parse(redactor().json(record))).toEqual(record);
});

test("the host name of a container goes; elsewhere too if it is no common word", () => {
  const hosts = redactor(["hosts"]);
  const [web, db] = [
    { hostName: "web", message: "web of db-7" },
    { hostName: "db-7", message: "web of db-7" },
  ];
  hosts.learn(db);
  expect(JSON.parse(hosts.json(web))).toEqual({
    hostName: expect.stringMatching(/^host-/),
    message: expect.stringMatching(/^web of host-[0-9a-f]{8}$/),
  });
});

test("a flag and its secret as words of a list", () => {
  const record = { plan: [{ op: "run", text: "run", argv: ["pg", "--password", "hunter2", "-v"] }] };
  expect(JSON.parse(redactor().json(record)).plan[0].argv).toEqual(["pg", "--password", "[redacted]", "-v"]);
});

test("what is a secret to one program alone goes from its list, and its other arguments stay", () => {
  const left = (...argv: string[]) => JSON.parse(redactor().json({ argv })).argv as unknown;
  expect(left("curl", "-s", "-u", "ada:pw", "http://x")).toEqual(["curl", "-s", "-u", "ada:[redacted]", "http://x"]);
  expect(left("mysql", "-u", "root", "-phunter2")).toEqual(["mysql", "-u", "root", "-p[redacted]"]);
  expect(left("sshpass", "-p", "pw", "ssh", "n1")).toEqual(["sshpass", "-p", "[redacted]", "ssh", "n1"]);
  expect(left("sshpass", "-p", "'pw", "it's")).toEqual(["sshpass", "[redacted]"]);
  expect(left("unzip", "-P", "pw", "x.zip")).toEqual(["unzip", "-P", "[redacted]", "x.zip"]);
  expect(left("curl", "-s", "http://x")).toEqual(["curl", "-s", "http://x"]);
});

test("secrets go from every text, also from one that is no command line", () => {
  const record = { src: "events", op: "upsert", item: { message: "started app --token=abc" } };
  expect(JSON.parse(redactor().json(record)).item.message).toBe("started app --token=[redacted]");
});

test("secrets are kept where that is asked for", () => {
  const kept = redactor([], { keepsSecrets: true });
  expect(kept.json({ argv: "a --password=b" })).toBe('{"argv":"a --password=b"}');
  expect(kept.removed).toEqual([]);
});

test("an environment is never written", () => {
  expect(redactor().json({ answer: { environment: { A: "b" }, env: ["A=b"] } })).toBe(
    '{"answer":{"environment":{},"env":{}}}',
  );
});

test("all arguments go, in lists, in texts and where a step tells them", () => {
  const record = { command: "make  -j 4", argv: ["make", "-j", "4"], text: "run make -j 4 now", comm: "make all" };
  expect(JSON.parse(redactor(["argv"]).json(record))).toEqual({
    command: "make [...]",
    argv: ["make", "[...]"],
    text: "run make [...] now",
    comm: "make all",
  });
  expect(JSON.parse(redactor(["argv"]).json({ argv: ["make"], command: "make" }))).toEqual({
    argv: ["make"],
    command: "make",
  });
});

test("a host has one name everywhere, which cannot be found out without the key", () => {
  const hosts = redactor(["hosts"]);
  const header = hosts.header({ muster: 1, host: "n0042" });
  expect(header.host).toMatch(/^host-[0-9a-f]{8}$/);
  expect(header.redacted).toEqual(["secrets", "hosts"]);
  const item = { id: "n0042/daemon/sshd", message: "n0042: n00421 asked n0042.example.org", nodes: ["n7"] };
  const record = JSON.parse(hosts.json({ item }));
  expect(record.item.id).toBe(`${header.host}/daemon/sshd`);
  expect(record.item.message).toStartWith(`${header.host}: n00421 asked ${header.host}.`);
  expect(record.item.message).not.toContain("example");
  expect(record.item.nodes[0]).toMatch(/^n7$|^host-/);
  expect(JSON.parse(hosts.json({ message: "localhost" })).message).toBe("localhost");
  const other = createRedactor({ take: ["hosts"], keepsSecrets: false, key: new Uint8Array(32) });
  expect(other.header({ muster: 1, host: "n0042" }).host).not.toBe(header.host);
});

test("a host that is called like a kind does not spoil ids", () => {
  const hosts = redactor(["hosts"]);
  expect(JSON.parse(hosts.json({ id: "daemon/daemon/sshd" })).id).toBe("daemon/daemon/sshd");
});

test("a user has one name everywhere; those of the system are words like others", () => {
  const users = redactor(["users"]);
  const record = JSON.parse(
    users.json({
      a: { uid: 1000, user: "ada", command: "/home/ada/x ada's" },
      b: { uid: 1, user: "daemon" },
      c: "a daemon",
    }),
  );
  expect(record.a.user).toMatch(/^user-[0-9a-f]{8}$/);
  expect(record.a.command).toBe(`/home/${record.a.user}/x ${record.a.user}'s`);
  expect(record.b.user).toMatch(/^user-/);
  expect(record.c).toBe("a daemon");
  expect(users.json({ uid: 0, user: "root" })).toBe('{"uid":0,"user":"root"}');
});

test("a pattern of one's own goes from every text", () => {
  const own = redactor([], { pattern: /project-\d+/ });
  expect(own.json({ a: "project-1 and project-22" })).toBe('{"a":"[redacted] and [redacted]"}');
  expect(own.removed).toEqual(["secrets", "pattern"]);
});

test("a hostile text costs no more than its length", () => {
  const hostile = `${"password".repeat(20_000)} ${"mysql ".repeat(20_000)} ${"-".repeat(100_000)}`;
  expect(taken(hostile).length).toBe(hostile.length);
});

test("all arguments go from the sentences that tell of a command, and from its command line", () => {
  const job = { jid: "0x1", user: "ada", uid: 1000, command: "make -j 4" };
  const ended = { ...job, reason: "empty", exit: { at: "", status: 11, text: "killed by SIGSEGV" } };
  const cases: readonly (readonly [text: string, left: string])[] = [
    [jobCreated("n1", job).message, "job 0x1 of ada was created: make [...]"],
    [jobEnded("n1", ended as never).message, "job 0x1 has ended: killed by SIGSEGV (make [...]"],
    ["process 7 (b) was started for uid 0: /bin/sleep 2", "process 7 (b) was started for uid 0: /bin/sleep [...]"],
    ["start backup: /bin/sleep 2", "start backup: /bin/sleep [...]"],
  ];
  for (const [message, left] of cases) {
    expect(JSON.parse(redactor(["argv"]).json({ message })).message).toBe(left);
    expect(JSON.parse(redactor().json({ message })).message).toBe(message);
  }
  expect(JSON.parse(redactor(["argv"]).json({ commandLine: "/bin/sleep 2" })).commandLine).toBe("/bin/sleep [...]");
});

test("a name goes too where it stands before it is told whose it is", () => {
  const names = redactor(["hosts", "users"]);
  names.learn({ id: "n70.corp.example/process/1:1", starterUser: "ada", starterUid: 1000 });
  const text = names.json({ message: "ada came to n70 from db9.corp.example; n70-812 is a member" });
  expect(text).not.toMatch(/ada|n70|db9|corp/);
  expect(text).toMatch(/host-[0-9a-f]{8}-812 is a member/);
  expect(JSON.parse(names.json({ starterUser: "ada" })).starterUser).toMatch(/^user-/);
});
