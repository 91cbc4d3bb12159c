/**
 * A server for pmdaRoot that is not root's, and a process of its that has become root's: terminated, then waited for, by one
 * client. argv: a program that becomes root and executes its arguments. Prints what was answered.
 */
import { PmdaRootError } from "#core/pmdaroot/error.ts";
import { readSome } from "#ffi/fd.ts";
import { RootFixture } from "./root-server.ts";

const [becomeRoot = ""] = process.argv.slice(2);
using fixture = new RootFixture();
using client = await fixture.connect();
const script = fixture.state.put("script", "echo ready; exec cat");
const { pid, toChild, fromChild } = await client.processStart("other", `${becomeRoot} sh ${script}`);
if (toChild === null || fromChild === null) throw new Error("no descriptors");
using _toChild = toChild;
using _fromChild = fromChild;
readSome(fromChild, 16);
const terminate = await client.processTerminate(pid).then(
  () => 0,
  (thrown: unknown) => (thrown instanceof PmdaRootError ? thrown.status : String(thrown)),
);
const wait = await client.processWaitFor(pid).catch(String);
process.stdout.write(
  JSON.stringify({ terminate, wait, logged: fixture.logged.map((text) => text.replace(String(pid), "PID")) }),
);
