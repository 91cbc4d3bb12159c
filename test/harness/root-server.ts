/** A server for pmdaRoot in this process, on engine state of its own, and raw clients of it. */
import { systemClock } from "#app/cli/system-clock.ts";
import type { AccessRules } from "#core/pmdaroot/access.ts";
import { type ClientOptions, connectRoot, type RootClient } from "#core/pmdaroot/client.ts";
import { openRoot, type Root } from "#core/pmdaroot/open-root.ts";
import type { ProcessRow } from "#core/pmdaroot/process-table.ts";
import { EngineState } from "./containers.ts";
import { UID } from "./rpc.ts";

export interface RootFixtureOptions {
  readonly state?: EngineState;
  readonly path?: string;
  readonly procRoot?: string;
  readonly isLoose?: boolean;
  readonly access?: Partial<AccessRules>;
  readonly descriptors?: number;
  readonly onContainer?: (key: string) => void;
  readonly onProcess?: (row: ProcessRow) => void;
}

export class RootFixture implements Disposable {
  readonly state: EngineState;
  readonly root: Root;
  readonly logged: string[] = [];
  readonly #ownsState: boolean;

  constructor({ state, access, ...options }: RootFixtureOptions = {}) {
    this.#ownsState = state === undefined;
    this.state = state ?? new EngineState();
    this.root = openRoot({
      path: this.state.directory.file("s/root.socket"),
      places: this.state.places,
      access: { uids: new Set([UID]), starterUids: new Set([UID]), ...access },
      isLoose: false,
      procRoot: "/proc",
      uid: UID,
      variables: { PATH: process.env.PATH ?? "" },
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

  raw(): Promise<RawRootClient> {
    return RawRootClient.connect(this.path);
  }

  [Symbol.dispose](): void {
    this.root.close();
    if (this.#ownsState) this.state[Symbol.dispose]();
  }
}

/** Bytes as they are. */
export class RawRootClient implements Disposable {
  readonly #socket: Bun.Socket;
  #received = Buffer.alloc(0);
  #isEnded = false;
  #wake = () => {};

  private constructor(socket: Bun.Socket) {
    this.#socket = socket;
  }

  static async connect(path: string): Promise<RawRootClient> {
    let client: RawRootClient | null = null;
    const early: Buffer[] = [];
    let hasEnded = false;
    const socket = await Bun.connect({
      unix: path,
      socket: {
        data: (_socket, chunk) => {
          if (client) client.#take(chunk);
          else early.push(Buffer.from(chunk));
        },
        close: () => {
          hasEnded = true;
          if (client) client.#end();
        },
        error: () => {},
      },
    });
    client = new RawRootClient(socket);
    for (const chunk of early) client.#take(chunk);
    if (hasEnded) client.#end();
    return client;
  }

  #take(chunk: Uint8Array): void {
    this.#received = Buffer.concat([this.#received, chunk]);
    this.#wake();
  }

  #end(): void {
    this.#isEnded = true;
    this.#wake();
  }

  send(bytes: Uint8Array): void {
    this.#socket.write(bytes);
    this.#socket.flush();
  }

  /** `length` bytes; fewer when the server closes before. */
  async receive(length: number): Promise<Buffer> {
    while (this.#received.length < length && !this.#isEnded) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
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
    this.#socket.terminate();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
