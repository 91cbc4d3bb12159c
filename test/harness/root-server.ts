/** A server for pmdaRoot in this process, on engine state of its own, and raw clients of it. */
import { systemClock } from "#app/cli/system-clock.ts";
import type { AccessRules } from "#core/pmdaroot/access.ts";
import { type ClientOptions, connectRoot, type RootClient } from "#core/pmdaroot/client.ts";
import { openRoot, type Root } from "#core/pmdaroot/open-root.ts";
import type { ProcessRow } from "#core/pmdaroot/process-row.ts";
import { receiveMessage, sendMessage } from "#ffi/descriptor-socket.ts";
import { ERRNO } from "#ffi/errno-names.ts";
import type { Fd } from "#ffi/fd.ts";
import { EPOLL } from "#ffi/pump.ts";
import { SysError } from "#ffi/sys-error.ts";
import { connectUnix } from "#ffi/unix-socket.ts";
import { waitEvent } from "#ffi/wait-event.ts";
import { EngineState } from "./containers.ts";
import { UID } from "./rpc.ts";

export interface RootFixtureOptions {
  readonly state?: EngineState;
  readonly path?: string;
  readonly procRoot?: string;
  readonly isLoose?: boolean;
  readonly access?: Partial<AccessRules>;
  readonly descriptors?: number;
  readonly variables?: Readonly<Record<string, string>>;
  readonly onContainer?: (key: string) => void;
  readonly onProcess?: (row: ProcessRow) => void;
}

export class RootFixture implements Disposable {
  readonly state: EngineState;
  readonly root: Root;
  readonly logged: string[] = [];
  readonly #ownsState: boolean;

  constructor({ state, access, variables = {}, ...options }: RootFixtureOptions = {}) {
    this.#ownsState = state === undefined;
    this.state = state ?? new EngineState();
    this.root = openRoot({
      path: this.state.directory.file("s/root.socket"),
      places: this.state.places,
      access: { uids: new Set([UID]), starterUids: new Set([UID]), isReadOnly: () => false, ...access },
      isLoose: false,
      procRoot: "/proc",
      uid: UID,
      variables: { PATH: process.env.PATH ?? "", PCP_LOG_DIR: this.state.directory.file("no-logs"), ...variables },
      descriptors: 1000,
      clock: systemClock,
      log: (text) => {
        this.logged.push(text);
      },
      ...options,
    });
  }

  get path(): string {
    return this.root.path;
  }

  connect(options: Partial<ClientOptions> = {}): Promise<RootClient> {
    return connectRoot({ path: this.path, clock: systemClock, timeoutMs: 10_000, ...options });
  }

  raw(): RawRootClient {
    return new RawRootClient(this.path);
  }

  [Symbol.dispose](): void {
    this.root.close();
    if (this.#ownsState) this.state[Symbol.dispose]();
  }
}

/** Bytes as they are; descriptors that come with them are held until it is closed. */
export class RawRootClient implements Disposable {
  readonly #socket: Fd;
  readonly #descriptors: Fd[] = [];
  #received = Buffer.alloc(0);
  #isEnded = false;

  constructor(path: string) {
    this.#socket = connectUnix(path);
  }

  /** As much as fits into the socket's buffer; to a server that has closed nothing goes out. */
  send(bytes: Uint8Array): void {
    const taken = sendMessage(this.#socket, bytes);
    if (taken === -ERRNO.EPIPE || taken === bytes.length) return;
    throw new Error(`${taken} of ${bytes.length} bytes went out`);
  }

  /** `length` bytes; fewer when the server closes before. */
  async receive(length: number): Promise<Buffer> {
    while (this.#received.length < length && !this.#isEnded) {
      if (!this.#read()) await waitEvent(this.#socket, EPOLL.IN);
    }
    const bytes = this.#received.subarray(0, length);
    this.#received = this.#received.subarray(length);
    return bytes;
  }

  /** The next message, by the length in its header; empty when the server has closed. */
  async message(): Promise<Buffer> {
    const header = await this.receive(16);
    if (header.length < 16) return header;
    return Buffer.concat([header, await this.receive(header.readInt32LE(4) - 16)]);
  }

  close(): void {
    for (const fd of this.#descriptors.splice(0)) fd.close();
    this.#socket.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /** False when nothing has come yet. */
  #read(): boolean {
    try {
      const received = receiveMessage(this.#socket, 65536);
      if (received === null) return false;
      this.#descriptors.push(...received.descriptors);
      this.#received = Buffer.concat([this.#received, received.bytes]);
      this.#isEnded = received.bytes.length === 0;
    } catch (thrown) {
      // Closed by the server with something of ours unread.
      if (!(thrown instanceof SysError && thrown.errnoName === "ECONNRESET")) throw thrown;
      this.#isEnded = true;
    }
    return true;
  }
}
