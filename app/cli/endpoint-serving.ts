/** A policy server in this process, with what it tells as lines and in the journal, until a signal or its last endpoint ends it. */
import { PolicyServer } from "#core/geopm/policy-server.ts";
import { PolicyStore } from "#core/geopm/policy-store.ts";
import type { ServerEvent } from "#core/geopm/served-endpoint.ts";
import { EndpointWaits } from "#core/geopm/waits.ts";
import type { MusterError } from "#core/model/error.ts";
import type { MusterEvent } from "#core/model/event.ts";
import type { SourceEvent } from "#core/model/source.ts";
import { LineStream } from "#core/output/stream.ts";
import { visible } from "#core/output/text.ts";
import { Chronicle } from "#core/service/chronicle.ts";
import { lockRecovered, type PowerEvent, serverEvent } from "#core/service/observe/power-events.ts";
import { powerHost } from "#core/service/power-host.ts";
import { fail } from "./context.ts";
import { timeCell } from "./follow.ts";
import { watchInterrupts } from "./interrupt.ts";
import type { Session } from "./session.ts";
import { writeBehind, writeNow } from "./stdio.ts";

export interface ServingSettings {
  /** Absolute path of the policy store. */
  readonly store: string;
  readonly staleSeconds: number;
  /** What happens, a line each, where standard output is nobody's. */
  readonly log: (text: string) => void;
}

export class EndpointServing {
  readonly store: string;
  readonly #session: Session;
  readonly #server: PolicyServer;
  readonly #chronicle: Chronicle;
  readonly #stream: LineStream | null;
  /** Nobody reads the lines any more. */
  #isUnread = false;
  readonly #failed = Promise.withResolvers<MusterError>();
  readonly #interrupts: ReturnType<typeof watchInterrupts>;

  readonly #log: (text: string) => void;
  /** As they stand in the journal: those of others in muster among them. */
  readonly #recorded: MusterEvent[];

  private constructor(session: Session, settings: ServingSettings, chronicle: Chronicle, recorded: MusterEvent[]) {
    const { call, environment } = session;
    const { store, staleSeconds, log } = settings;
    this.#log = log;
    this.#recorded = recorded;
    this.#session = session;
    this.store = store;
    this.#chronicle = chronicle;
    this.#server = new PolicyServer({
      clock: call.clock,
      host: powerHost(environment),
      waits: new EndpointWaits(call.clock),
      policyStorePath: store,
      staleSeconds,
      onLockRecovered: (event) => this.#tell(lockRecovered(environment.node, event)),
      onEvent: (event) => this.#take(event),
    });
    // From before anything is there: a signal in between would leave it behind.
    this.#interrupts = watchInterrupts(call);
    this.#stream = call.isJson
      ? new LineStream({
          clock: call.clock,
          sink: (text) => writeBehind(1, text, call.clock),
          host: environment.node,
          kinds: ["endpoints"],
          intervalMs: null,
        })
      : null;
    this.#stream?.failed.catch(() => {});
  }

  /** -14 when the store cannot be opened; it is made if it is missing. */
  static async open(session: Session, settings: ServingSettings): Promise<EndpointServing> {
    const { environment, call } = session;
    const recorded: MusterEvent[] = [];
    const publish = (event: SourceEvent) => {
      if (event.src === "events" && event.op === "upsert") recorded.push(event.item);
    };
    const chronicle = new Chronicle({ environment, clock: call.clock, isReadOnly: false, publish });
    await chronicle.open();
    // What was before is not told again.
    chronicle.begin();
    return new EndpointServing(session, settings, chronicle, recorded);
  }

  get isStoreEmpty(): boolean {
    using store = new PolicyStore(this.store, { mode: "look" });
    return store.list().length === 0;
  }

  add(name: string, mode: "create" | "takeOver"): void {
    this.#server.add(name, mode);
    this.#print([timeCell(this.#session.call), name, "served", this.store]);
  }

  /** The exit code, when everything is closed and the regions are unlinked. */
  async ended(): Promise<number> {
    const { signal } = this.#interrupts;
    const interrupted = new Promise<null>((resolve) => {
      if (signal.aborted) resolve(null);
      else signal.addEventListener("abort", () => resolve(null), { once: true });
    });
    const error = await Promise.race([interrupted, this.#failed.promise]);
    await this.close();
    const exitCode = error === null ? 0 : fail(this.#session.call, error);
    await this.#stream?.end(error === null ? "signal" : "error", exitCode);
    return exitCode;
  }

  async close(): Promise<void> {
    await this.#server.close();
    this.#chronicle.close();
    this.#interrupts.stop();
  }

  #take(event: ServerEvent): void {
    this.#tell(serverEvent(this.#session.environment.node, event));
    const isLast = this.#server.names.every((name) => name === event.endpoint);
    if (event.type === "failed" && isLast) this.#failed.resolve(event.error);
  }

  #tell(event: PowerEvent): void {
    const { severity, code, message } = event;
    this.#chronicle.record(event);
    const item = this.#recorded.findLast((each) => each.code === code && each.message === message);
    this.#recorded.length = 0;
    this.#log(message);
    if (item) this.#stream?.event(item);
    this.#print([timeCell(this.#session.call), severity, message]);
  }

  #print(cells: readonly string[]): void {
    if (this.#stream || this.#isUnread) return;
    try {
      writeNow(1, `${cells.map(visible).join("\t")}\n`);
    } catch {
      this.#isUnread = true;
    }
  }
}
