/** Every mistake of a fixture, not only the first: records that cannot be read, patches of what is not there. */
import { MusterError } from "#core/model/error.ts";
import { Fixture } from "./fixture.ts";
import { createScriptedService } from "./scripted-service.ts";
import { createVirtualClock } from "./virtual-clock.ts";

export interface Lint {
  readonly mistakes: readonly string[];
  readonly warnings: readonly string[];
  readonly records: number;
}

const MOST_MISTAKES = 1000;

export function lint(path: string): Lint {
  const mistakes: string[] = [];
  let fixture: Fixture;
  try {
    fixture = Fixture.open(path);
  } catch (thrown) {
    return { mistakes: [messageOf(thrown)], warnings: [], records: 0 };
  }
  const clock = createVirtualClock(fixture.startWallMs);
  const service = createScriptedService(clock, fixture.node);
  for (let index = 0; index < fixture.length && mistakes.length < MOST_MISTAKES; index++) {
    try {
      const { record, place, atMs } = fixture.record(index);
      clock.advanceTo(atMs);
      if ("src" in record) service.play([{ record, place, atMs }]);
    } catch (thrown) {
      mistakes.push(messageOf(thrown));
    }
  }
  fixture.close();
  return { mistakes, warnings: fixture.warnings, records: fixture.length };
}

function messageOf(thrown: unknown): string {
  if (thrown instanceof MusterError && thrown.code === "BAD_DATA") return thrown.message;
  throw thrown;
}
