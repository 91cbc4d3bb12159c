/** What all connections share: the service behind them, and what is done once for all who ask. */
import { type Clock, delay } from "#core/model/clock.ts";
import { MusterError } from "#core/model/error.ts";
import type { ProcessQuery, ProcessRow } from "../processes.ts";
import type { Service } from "../service.ts";
import { Turns } from "../turns.ts";
import { Attention } from "./attention.ts";

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

/** Whoever is not the owner makes the service read all again at most this often. */
const REFRESH_MS = 1000;
/** What has not ended by then is told as unfinished when the journal is opened the next time. */
const WIND_UP_MS = 2000;

export class Host {
  readonly service: Service;
  readonly clock: Clock;
  readonly facts: ServiceFacts;
  readonly log: (text: string) => void;
  readonly attention: Attention;
  readonly turns: Turns;
  readonly #actions = new Map<AbortController, Promise<unknown>>();
  #isEnding = false;
  #refresh: Promise<void> | null = null;
  #refreshedMs = Number.NEGATIVE_INFINITY;
  readonly #listings = new Map<boolean, Promise<readonly ProcessRow[]>>();

  constructor({ service, clock, facts, log }: HostOptions) {
    this.service = service;
    this.clock = clock;
    this.facts = facts;
    this.log = log;
    this.attention = new Attention(clock, (ids) => service.attend(ids));
    this.turns = new Turns(clock);
  }

  /** Does one action, and knows of it until it is over. Throws BUSY. */
  async perform<T>(controller: AbortController, act: (signal: AbortSignal) => Promise<T>): Promise<T> {
    if (this.#isEnding) {
      const hint = "nothing was done; ask the next one";
      throw new MusterError("BUSY", "the service is about to end", { hint });
    }
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

  /** One at a time: who asks while it runs gets what it finds. */
  refresh(isOwn: boolean): Promise<void> {
    if (!isOwn && this.clock.nowMs() - this.#refreshedMs < REFRESH_MS) return Promise.resolve();
    this.#refresh ??= this.service.refresh().finally(() => {
      this.#refreshedMs = this.clock.nowMs();
      this.#refresh = null;
    });
    return this.#refresh;
  }

  processes({ kernel = false }: ProcessQuery): Promise<readonly ProcessRow[]> {
    const running = this.#listings.get(kernel);
    if (running) return running;
    const listing = (this.service.processes?.({ kernel }) ?? Promise.resolve([])).finally(() => {
      this.#listings.delete(kernel);
    });
    this.#listings.set(kernel, listing);
    return listing;
  }
}
