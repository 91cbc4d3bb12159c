/** A server for pmdaRoot in this process, on engine state of its own, and raw clients of it. */
import { systemClock } from "#app/cli/system-clock.ts";
import type { AccessRules } from "#core/pmdaroot/access.ts";
import { type ClientOptions, connectRoot, type RootClient } from "#core/pmdaroot/client.ts";
import { ContainerIndex } from "#core/pmdaroot/container-index.ts";
import { watchEngines } from "#core/pmdaroot/engines/all.ts";
import { ProcessTable } from "#core/pmdaroot/process-table.ts";
import { openRootServer, type RootServer } from "#core/pmdaroot/server.ts";
import { EngineState } from "./containers.ts";
import { UID } from "./rpc.ts";

export interface RootFixtureOptions {
  readonly state?: EngineState;
  readonly procRoot?: string;
  readonly isLoose?: boolean;
  readonly access?: Partial<AccessRules>;
  readonly mostHeld?: number;
  readonly connections?: number;
}

export class RootFixture implements Disposable {
  readonly state: EngineState;
  readonly index: ContainerIndex;
  readonly processes: ProcessTable;
  readonly server: RootServer;
  readonly path: string;
  readonly logged: string[] = [];
  readonly changed: string[] = [];
  readonly #disposables = new DisposableStack();

  constructor(options: RootFixtureOptions = {}) {
    const { procRoot = "/proc", isLoose = false, access, mostHeld = 100, connections = 1000 } = options;
    const log = (text: string) => {
      this.logged.push(text);
    };
    this.state = this.#disposables.use(options.state ?? new EngineState());
    const onChange = (key: string) => {
      this.changed.push(key);
    };
    this.index = this.#disposables.use(new ContainerIndex({ procRoot, isLoose, mostHeld, onProblem: log, onChange }));
    const env = { PATH: process.env.PATH ?? "" };
    this.#disposables.use(watchEngines(this.index, this.state.places, { env, wallMs: systemClock.wallMs }));
    this.processes = this.#disposables.use(new ProcessTable({ variables: env, clock: systemClock, log }));
    this.path = this.state.directory.file("s/root.socket");
    this.server = openRootServer({
      path: this.path,
      access: { uids: new Set([UID]), starterUids: new Set([UID]), ...access },
      connections,
      uid: UID,
      index: this.index,
      processes: this.processes,
      procRoot,
      log,
      clock: systemClock,
    });
    this.#disposables.defer(() => this.server.close());
  }

  connect(options: Partial<ClientOptions> = {}): Promise<RootClient> {
    return connectRoot({ path: this.path, clock: systemClock, timeoutMs: 10_000, ...options });
  }

  raw(): Promise<RawRootClient> {
    return RawRootClient.connect(this.path);
  }

  [Symbol.dispose](): void {
    this.#disposables.dispose();
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
          client?.#end();
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
