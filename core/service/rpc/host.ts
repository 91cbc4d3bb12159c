/** What all connections share: the service behind them, and what is done once for all who ask. */
import { type Clock, delay } from "#core/model/clock.ts";
import { MusterError } from "#core/model/error.ts";
import type { ProcessQuery, ProcessRow } from "../processes.ts";
import type { Service } from "../service.ts";
import { Turns } from "../turns.ts";
import { Attention } from "./attention.ts";
import { SharedLook } from "./shared-look.ts";

/** What `hello` tells of the service; the rest is known here. */
export interface ServiceFacts {
  readonly version: string;
  readonly uid: number;
  readonly pid: number;
  readonly startedAt: string;
  readonly configFile: string;
  readonly stateDirectory: string;
  /** Asked each time: a reload changes it. */
  readonly configuration: () => string;
}

export interface HostOptions {
  readonly service: Service;
  readonly clock: Clock;
  readonly facts: ServiceFacts;
  /** A line for the service's log. */
  readonly log: (text: string) => void;
}

/** Whoever is not the owner makes the service read all again at most so often: each time it is told to all who look. */
const STRANGERS_REST_MS = 250;
/** What has not ended by then is told as unfinished when the journal is opened the next time. */
const WIND_UP_MS = 2000;

export class Host {
  readonly service: Service;
  readonly clock: Clock;
  readonly facts: ServiceFacts;
  readonly log: (text: string) => void;
  readonly attention: Attention;
  /** Told to every connection: the service has become read-only, or is no longer. */
  readonly onMode = new Set<() => void>();
  readonly turns: Turns;
  readonly #actions = new Map<AbortController, Promise<unknown>>();
  readonly #refresh: SharedLook<void>;
  readonly #listing: SharedLook<readonly ProcessRow[]>;
  readonly #wholeListing: SharedLook<readonly ProcessRow[]>;
  #isEnding = false;

  constructor({ service, clock, facts, log }: HostOptions) {
    this.service = service;
    this.clock = clock;
    this.facts = facts;
    this.log = log;
    this.attention = new Attention(clock, (ids) => service.attend(ids));
    const list = (query: ProcessQuery) => service.processes?.(query) ?? Promise.resolve([]);
    this.#refresh = new SharedLook(clock, () => service.refresh());
    this.#listing = new SharedLook(clock, () => list({ kernel: false }));
    this.#wholeListing = new SharedLook(clock, () => list({ kernel: true }));
    this.turns = new Turns(clock);
  }

  /** Does one action, and knows of it until it is over. Throws BUSY. */
  async perform<T>(controller: AbortController, act: (signal: AbortSignal) => Promise<T>): Promise<T> {
    if (this.#isEnding) throw aboutToEnd();
    const action = act(controller.signal);
    this.#actions.set(controller, action);
    try {
      return await action;
    } finally {
      this.#actions.delete(controller);
    }
  }

  /** Asks the actions that are under way to stop, and gives them a moment for it: what they came to is still reported. */
  async windUp(): Promise<void> {
    this.#isEnding = true;
    for (const look of [this.#refresh, this.#listing, this.#wholeListing]) look.end(aboutToEnd());
    const actions = [...this.#actions];
    if (actions.length === 0) return;
    for (const [controller] of actions) controller.abort();
    const patience = new AbortController();
    const settled = Promise.allSettled(actions.map(([, action]) => action));
    await Promise.race([settled, delay(this.clock, WIND_UP_MS, patience.signal)]);
    patience.abort();
    // The reports are made and sent in what is left of this turn of the loop.
    await delay(this.clock, 0);
  }

  async refresh(isOwn: boolean): Promise<void> {
    if (this.#isEnding) throw aboutToEnd();
    await this.#refresh.ask(isOwn ? 0 : STRANGERS_REST_MS);
  }

  async processes({ kernel = false }: ProcessQuery): Promise<readonly ProcessRow[]> {
    if (this.#isEnding) throw aboutToEnd();
    return (kernel ? this.#wholeListing : this.#listing).ask();
  }
}

const aboutToEnd = () =>
  new MusterError("BUSY", "the service is about to end", { hint: "nothing was done; ask the next one" });
