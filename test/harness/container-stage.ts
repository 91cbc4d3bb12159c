/** The index of containers on engine state of its own, in this process. */
import { systemClock } from "#app/cli/system-clock.ts";
import type { Clock } from "#core/model/clock.ts";
import { ContainerIndex } from "#core/pmdaroot/container-index.ts";
import { watchEngines } from "#core/pmdaroot/engines/all.ts";
import { EngineState } from "./containers.ts";

interface ContainerStageOptions {
  readonly isLoose?: boolean;
  readonly mostHeld?: number;
  readonly state?: EngineState;
  readonly clock?: Clock;
}

export class ContainerStage implements Disposable {
  readonly state: EngineState;
  readonly index: ContainerIndex;
  readonly problems: string[] = [];
  readonly changed: string[] = [];
  readonly #engines: Disposable;

  constructor({
    isLoose = false,
    mostHeld = 100,
    state = new EngineState(),
    clock = systemClock,
  }: ContainerStageOptions = {}) {
    this.state = state;
    this.index = new ContainerIndex({
      procRoot: "/proc",
      isLoose,
      mostHeld,
      onProblem: (text) => this.problems.push(text),
      onChange: (key) => this.changed.push(key),
    });
    const env = { PATH: process.env.PATH ?? "" };
    this.#engines = watchEngines(this.index, this.state.places, { env, clock });
  }

  find = (name: string) => this.index.find(name);
  pidOf = async (name: string) => (await this.index.processOf(this.index.find(name)))?.pid ?? null;
  isKnown = (name: string) => {
    try {
      this.index.find(name);
      return true;
    } catch {
      return false;
    }
  };

  [Symbol.dispose](): void {
    this.#engines[Symbol.dispose]();
    this.index[Symbol.dispose]();
    this.state[Symbol.dispose]();
  }
}
