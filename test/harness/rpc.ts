/** The service's socket for tests: a server in a directory of its own on a scripted service, and a client that is no client. */
import { systemClock } from "#app/cli/system-clock.ts";
import type { ActionRequest } from "#core/act/request.ts";
import type { Clock } from "#core/model/clock.ts";
import type { Kind } from "#core/model/kinds.ts";
import { openRemoteService, type RemoteService, type RemoteServiceOptions } from "#core/service/rpc/client.ts";
import { openServer, type Server, type ServerOptions } from "#core/service/rpc/server.ts";
import type { Service } from "#core/service/service.ts";
import { TemporaryDirectory } from "./directory.ts";
import { createScriptedService, type ScriptedService } from "./scripted-service.ts";

export const UID = process.getuid?.() ?? 0;

export class TestServer implements AsyncDisposable {
  readonly directory: TemporaryDirectory;
  readonly service: ScriptedService;
  readonly log: string[] = [];
  server: Server;
  readonly #options: Partial<ServerOptions>;
  readonly #remotes: RemoteService[] = [];
  readonly #raws: RawClient[] = [];

  constructor(options: Partial<ServerOptions> = {}) {
    this.directory = new TemporaryDirectory();
    this.service = createScriptedService(systemClock);
    this.#options = options;
    this.server = this.listen();
  }

  /** Once more, after the one before was closed. */
  listen(): Server {
    this.server = openServer({
      service: this.service as Service,
      clock: systemClock,
      runtimeDirectory: this.directory.path,
      procRoot: "/proc",
      isForAll: false,
      log: (text) => this.log.push(text),
      facts: {
        version: "0.0.0",
        uid: UID,
        pid: process.pid,
        startedAt: "2026-03-01T08:00:00.000Z",
        configFile: "/etc/muster/muster.toml",
        stateDirectory: "/var/lib/muster",
        configuration: () => "0123456789abcdef",
      },
      ...this.#options,
    });
    return this.server;
  }

  get path(): string {
    return this.server.path;
  }

  async raw(): Promise<RawClient> {
    const client = await RawClient.connect(this.path);
    this.#raws.push(client);
    return client;
  }

  async remote(more: Partial<RemoteServiceOptions> & { kinds?: readonly Kind[]; clock?: Clock } = {}) {
    const remote = await openRemoteService({
      path: this.path,
      clock: systemClock,
      trustedUids: [UID],
      kinds: ["daemons", "events"],
      mode: "watch",
      isReadOnly: false,
      ...more,
    });
    this.#remotes.push(remote);
    return remote;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const remote of this.#remotes) await remote.close();
    for (const raw of this.#raws) raw.close();
    await this.server.close();
    this.directory[Symbol.dispose]();
  }
}

export interface Answer {
  readonly id?: unknown;
  readonly result?: unknown;
  readonly error?: { readonly code: number; readonly message: string; readonly data: { readonly code: string } };
  readonly method?: string;
  readonly params?: Readonly<Record<string, unknown>>;
}

/** Writes what it likes and reads lines; it knows nothing of the protocol. */
export class RawClient {
  readonly #lines: Answer[] = [];
  readonly #readers: ((line: Answer | null) => void)[] = [];
  #rest = Buffer.alloc(0);
  #isClosed = false;
  #socket: Bun.Socket | null = null;
  #unsent: Buffer[] = [];
  #lastId = 0;

  static async connect(path: string): Promise<RawClient> {
    const client = new RawClient();
    client.#socket = await Bun.connect({
      unix: path,
      socket: {
        data: (_socket, chunk) => client.#take(chunk),
        drain: () => client.#flush(),
        close: () => client.#end(),
        error: () => client.#end(),
      },
    });
    return client;
  }

  write(bytes: string | Uint8Array): void {
    this.#unsent.push(Buffer.from(bytes as string));
    if (this.#unsent.length === 1) this.#flush();
  }

  request(method: string, params?: object): number {
    const id = ++this.#lastId;
    this.write(`${JSON.stringify({ jsonrpc: "2.0", id, method, params })}\n`);
    return id;
  }

  /** The answer to one request; what comes before it is dropped. */
  async ask(method: string, params?: object): Promise<Answer> {
    const id = this.request(method, params);
    for (let line = await this.line(); line !== null; line = await this.line()) if (line.id === id) return line;
    throw new Error(`closed before ${method} was answered`);
  }

  /** The next line; null when the service has closed the connection. */
  line(): Promise<Answer | null> {
    const line = this.#lines.shift();
    if (line) return Promise.resolve(line);
    if (this.#isClosed) return Promise.resolve(null);
    return new Promise((resolve) => this.#readers.push(resolve));
  }

  pause(): void {
    this.#socket?.pause();
  }

  resume(): void {
    this.#socket?.resume();
  }

  close(): void {
    this.#socket?.terminate();
    this.#end();
  }

  #flush(): void {
    for (let first = this.#unsent[0]; first; first = this.#unsent[0]) {
      const written = Math.max(0, this.#socket?.write(first) ?? first.length);
      if (written < first.length) {
        this.#unsent[0] = first.subarray(written);
        return;
      }
      this.#unsent.shift();
    }
  }

  #take(chunk: Uint8Array): void {
    this.#rest = Buffer.concat([this.#rest, chunk]);
    for (let end = this.#rest.indexOf(10); end !== -1; end = this.#rest.indexOf(10)) {
      const line: Answer = JSON.parse(this.#rest.subarray(0, end).toString());
      this.#rest = this.#rest.subarray(end + 1);
      const reader = this.#readers.shift();
      if (reader) reader(line);
      else this.#lines.push(line);
    }
  }

  #end(): void {
    this.#isClosed = true;
    for (const reader of this.#readers.splice(0)) reader(null);
  }
}

export function stopRequest(requestId: string, more: Partial<ActionRequest> = {}): ActionRequest {
  const targets = [{ id: "n1/daemon/web", identity: "800:5000" }];
  return { action: "daemon.stop", targets, arguments: {}, dryRun: false, requestId, via: "cli", ...more };
}
