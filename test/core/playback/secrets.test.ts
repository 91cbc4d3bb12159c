/** Secrets that the words around them give away, and what only sounds like one. */
import { expect, test } from "bun:test";
import { isSecretAfter } from "#core/playback/named-secrets.ts";
import { withoutSecrets } from "#core/playback/secrets.ts";

const TAKEN: readonly (readonly [before: string, after: string])[] = [
  // Named by a sign.
  ["password: hunter2", "password: [redacted]"],
  ["login failed: token=abc123 was refused", "login failed: token=[redacted] was refused"],
  ["set passwd: password: hunter2", "set passwd: password: [redacted]"],
  ["Server=x;Pwd=hunter2;Port=1", "Server=x;Pwd=[redacted];Port=1"],
  ["api key: abc123", "api key: [redacted]"],
  ["password=>hunter2", "password=>[redacted]"],
  ['got {"password":"a b","user":"ada"}', 'got {"password":"[redacted]","user":"ada"}'],
  ["password: united", "password: [redacted]"],
  ["password: valid.but.secret", "password: [redacted]"],
  ["password: not-to-be-told", "password: [redacted]"],
  ['{"password":"a\\"b","user":"ada"}', '{"password":"[redacted]","user":"ada"}'],
  ["run --pass 123456 --db_pass=123456", "run --pass [redacted] --db_pass=[redacted]"],
  ['"API_KEY"="abc"def', '"API_KEY"=[redacted]'],
  // In sentences.
  ["the password is hunter2", "the password is [redacted]"],
  ["the password is swordfish.", "the password is [redacted]."],
  ["password for ada is Tr0ub4dor&3", "password for ada is [redacted]"],
  ["password of user ada was changed to hunter2", "password of user ada was changed to [redacted]"],
  ["password was set to swordfish", "password was set to [redacted]"],
  ["passphrase 'a b c' refused", "passphrase [redacted] refused"],
  ["tried with password hunter2", "tried with password [redacted]"],
  ["session token 9f8a7c6d5e4f3a2b1c0d was revoked", "session token [redacted] was revoked"],
  ["secret key is abc123def", "secret key is [redacted]"],
  // Numbers.
  ["pkcs11-tool --login --pin 1234 -O", "pkcs11-tool --login --pin [redacted] -O"],
  ["--pin=1234 --so-pin 12345678", "--pin=[redacted] --so-pin [redacted]"],
  ["tool --user-pin userpin -v", "tool --user-pin [redacted] -v"],
  ["card: PIN 1234 typed", "card: PIN [redacted] typed"],
  ["pin: 1234, otp=123456", "pin: [redacted], otp=[redacted]"],
  ["the pin code is 4711.", "the pin code is [redacted]."],
  ["tool 'pkcs11:id=1;pin-value=ab'", "tool 'pkcs11:id=1;pin-value=[redacted]'"],
  // With one program alone.
  ["ipmitool -H bmc -U admin -P pw chassis", "ipmitool -H bmc -U admin -P [redacted] chassis"],
  ["snmpget -v2c -c community n1", "snmpget -v2c -c [redacted] n1"],
  ["unzip -P pw x.zip", "unzip -P [redacted] x.zip"],
  ["7z x -ppw x.7z", "7z x -p[redacted] x.7z"],
  ["smbclient -U ada%pw //x/y", "smbclient -U ada%[redacted] //x/y"],
  // By its own form.
  ["authorization: bearer swordfish -v", "authorization: bearer [redacted] -v"],
  ["sent basic YWRhOmFkYQ== and Bearer abcdef0123", "sent basic [redacted] and Bearer [redacted]"],
  ["ada:$6$abcdefgh$ABCDEFGHIJKLMNOP:1", "ada:[redacted]:1"],
];

test.each(TAKEN)("taken out: %s", (before, after) => {
  expect(withoutSecrets(before)).toBe(after);
});

test.each([
  "passwd: password updated successfully",
  "password: expired",
  "token: invalid, try again",
  "auth: ok",
  "Failed password for root from n7 port 22 ssh2",
  "Accepted password for ada",
  "password authentication failed",
  "PasswordAuthentication=no",
  "access denied (using password: YES)",
  "the password is wrong",
  "the password was not changed",
  "password is required",
  "token expired",
  "token is 5min old",
  "unexpected token '}' in JSON",
  'secret "db" not found',
  "container secret-mount-0001 is up",
  "total tokens: 512, max_tokens=512",
  "run --token-ttl 3600 --max-tokens 512",
  "pg --password-file /etc/pg/secret -v",
  "likwid --pin 0-3 --pin 2 --pin cores",
  "pin: 17, pin 4711 pages",
  "ping 1234; spinning 4096; mapping=4711",
  "started by OTP 26.2.1, pid 4711",
  "Basic authentication failed; Bearer tokens are needed for basic TCP/IP",
  "installed passwd:amd64 4.13, see passwd (1ssl)",
  "PWD=/root OLDPWD=/home make",
  "zip -r a.zip b",
  "costs $5 or $12.50",
])("left as it is: %s", (text) => {
  expect(withoutSecrets(text)).toBe(text);
});

test("the word behind an option is a secret or is not", () => {
  expect(isSecretAfter("--pin", "1234")).toBe(true);
  expect(isSecretAfter("--so-pin", "a b")).toBe(true);
  expect(isSecretAfter("--db-password", "a b")).toBe(true);
  for (const [flag, value] of [
    ["--pin", "0-3"],
    ["--pin", "cores"],
    ["--pin", "-v"],
    ["--pin-cpus", "1234"],
    ["--token-ttl", "3600"],
    ["--password-file", "/etc/x"],
    ["pin", "1234"],
  ] as const)
    expect(isSecretAfter(flag, value)).toBe(false);
});

test("what is taken out once is left as it is the second time", () => {
  for (const [, after] of TAKEN) expect(withoutSecrets(after)).toBe(after);
});

test("hostile texts cost no more than their length", () => {
  const beginnings = [
    "password: ",
    "password is ",
    "password for x ",
    "token a1",
    " -_",
    "--pin ",
    'password="',
    "smbclient -U ",
    "--token-.pass.",
  ];
  for (const beginning of beginnings) {
    for (const more of [beginning, " ", "a", "1", ".", "-", "_"]) {
      const text = beginning + more.repeat(100_000 / more.length);
      expect(withoutSecrets(text).length).toBeGreaterThan(0);
    }
  }
});
