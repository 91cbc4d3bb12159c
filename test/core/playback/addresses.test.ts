/** Addresses of machines, and what is written like them. */
import { expect, test } from "bun:test";
import { withoutAddresses } from "#core/playback/addresses.ts";

const without = (text: string) => withoutAddresses(text, () => "*");

test.each([
  ["connected to 10.0.0.1", "connected to *"],
  ["8.8.8.8:8080, 8.8.4.4/24 and 8.8.8.8.", "*:8080, */24 and *."],
  ["http://8.8.8.8/x", "http://*/x"],
  ["--bind=192.168.1.10 -H10.1.2.3", "--bind=* -H*"],
  ["8.8.8.8-8.8.8.10 and 10.0.0.1-5", "*-* and *-5"],
  ["exec 3<>/dev/tcp/8.8.8.8/80", "exec 3<>/dev/tcp/*/80"],
  ["4.3.2.1.in-addr.arpa", "*.in-addr.arpa"],
  ["node-8.8.8.8, ip-10-0-0-1.internal", "node-*, ip-*.internal"],
  ["upgraded n7 at 1.2.3.4", "upgraded n7 at *"],
  ["fe80::1%eth0 and [2001:db8::5]:443", "*%eth0 and [*]:443"],
  ["fe80::1: no route", "*: no route"],
  ["2001:db8:1:2:3:4:5:6", "*"],
  ["aa:bb:cc:dd:ee:ff, AA-BB-CC-DD-EE-FF", "*, *"],
  ["00:15:5d:01:02:03", "*"],
  ["80:00:02:08:fe:80:00:00:00:00:00:00:00:02:c9:03:00:31:78:f2", "*"],
  ["enxaabbccddeeff is up", "enx* is up"],
])("taken out: %s", (before, after) => {
  expect(without(before)).toBe(after);
});

test.each([
  "firefox 1.2.3.4-5 was installed",
  "v1.2.3.4, version 1.2.3.4, release: 10.2.0.1",
  "Standards-Version to 1.2.3.4, needs zlib >= 1.2.3.4",
  "foo-1.2.3.4.tar.gz foo_1.2.3.4 libfoo.so.1.2.3.4",
  "Chrome/120.0.6.71",
  "docker.io/library/redis:7.2.4.1",
  "1.2.3.4~rc1 and 1.2.3.4+dfsg",
  "1.2.3.4.5, 300.1.1.1, 1.2.3",
  "127.0.0.1, 0.0.0.0, 255.255.255.0, ::1, ::",
  "00:00:00:00:00:00, ff:ff:ff:ff:ff:ff",
  "12:34:56, 2026-03-01T12:00:00Z, 20-26-03-01-12-00",
  "std::cout, a::b, dead::beef",
  "812:4411223, 0::/user.slice, 1000:1000, pid 1234",
  "1:2:3:4:5:6:7:8",
  "0000:00:1f.2",
  "enp0s3, n1/daemon/sshd",
])("left as it is: %s", (text) => {
  expect(without(text)).toBe(text);
});

test("an address has one name, whatever way it is written", () => {
  const names = (text: string) => {
    const found: string[] = [];
    withoutAddresses(text, (address) => {
      found.push(address);
      return "";
    });
    return new Set(found).size;
  };
  expect(names("2001:db8::5 2001:DB8:0:0::5 2001:0db8:0:0:0:0:0:5")).toBe(1);
  expect(names("10.0.0.1 ::ffff:10.0.0.1 ip-10-0-0-1 ::ffff:a00:1")).toBe(1);
  expect(names("aa:bb:cc:dd:ee:ff AA-BB-CC-DD-EE-FF enxaabbccddeeff")).toBe(1);
  expect(names("10.0.0.1 10.0.0.2")).toBe(2);
});

test("hostile texts cost no more than their length", () => {
  for (const part of ["1.", "1.2.3.4", "a:", "::", "aa:", "aa-", "ip-1-2-3-4-", "fe80::", "a:b:1.2.3.4:"]) {
    const text = part.repeat(200_000 / part.length);
    expect(without(text).length).toBeGreaterThan(0);
  }
});
