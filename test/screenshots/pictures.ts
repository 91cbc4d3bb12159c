/** The pictures of the console: one screen a pane, each a moment of a fixture, played in the real console. */
import { join } from "node:path";
import { Terminal } from "@xterm/headless";
import { MUSTER_VERSION } from "#app/cli/version.ts";
import type { Size } from "#app/console/layout.ts";
import { goldensOf } from "#app/player/golden.ts";
import { rehearse } from "#app/player/rehearsal.ts";
import { Fixture } from "#core/playback/fixture.ts";
import { cellGridOf } from "./cell-grid.ts";
import { svgOf } from "./svg.ts";

export interface Picture {
  readonly name: string;
  readonly fixture: string;
  readonly mark: string;
  readonly size: Size;
  readonly title: string;
}

const NIGHT = "fixtures/the-night.muster.ndjson";
const VANISHED = "fixtures/container-vanishes.muster.ndjson";
/** List and detail side by side. */
const WIDE: Size = { columns: 110, rows: 30 };
/** The list alone. */
const LIST: Size = { columns: 80, rows: 24 };

export const PICTURES: readonly Picture[] = [
  { name: "daemons", fixture: NIGHT, mark: "slurmd has failed", size: WIDE, title: "Daemons: why slurmd has failed" },
  {
    name: "categories",
    fixture: NIGHT,
    mark: "collectd is vital again",
    size: WIDE,
    title: "Categories: all members of vital run",
  },
  { name: "members", fixture: NIGHT, mark: "how it ended", size: WIDE, title: "Members: how process 871 ended" },
  {
    name: "aggregates",
    fixture: NIGHT,
    mark: "it is frozen",
    size: WIDE,
    title: "Aggregates: a fork bomb stands still",
  },
  { name: "power", fixture: NIGHT, mark: "a controller is silent", size: WIDE, title: "Power: a controller is silent" },
  {
    name: "containers",
    fixture: VANISHED,
    mark: "its process is gone",
    size: WIDE,
    title: "Containers: docker has not seen that web is gone",
  },
  {
    name: "events",
    fixture: NIGHT,
    mark: "what the night was",
    size: LIST,
    title: "Events: what happened, and who did what",
  },
];

/** As it is shown at the mark, after everything before it. */
export async function draw({ fixture: path, mark, size, title }: Picture, root: string): Promise<string> {
  const fixture = Fixture.open(join(root, path));
  const { columns: cols, rows } = size;
  const terminal = new Terminal({ cols, rows, convertEol: true, allowProposedApi: true });
  try {
    const { failures } = await rehearse({
      fixture,
      size,
      theme: { colorLevel: 2, isAscii: false, isMotionless: false },
      hasKeys: true,
      from: 0,
      to: fixture.markNamed(mark).index,
      goldens: goldensOf(fixture.path, false),
      version: MUSTER_VERSION,
      listener: { written: (text) => terminal.write(text) },
      isEachDrawn: false,
      isStrict: true,
    });
    const [failure] = failures;
    if (failure) throw new Error(`${path}: ${failure.mismatches.map(({ what }) => what).join(", ")} before '${mark}'`);
    await new Promise<void>((written) => terminal.write("", written));
    return svgOf(cellGridOf(terminal), title);
  } finally {
    terminal.dispose();
    fixture.close();
  }
}

export const pathOf = ({ name }: Picture): string => `fixtures/pictures/${name}.svg`;

/** Path below the root -> picture. The console tells local time: here it is the same everywhere. */
export async function allPictures(root: string): Promise<ReadonlyMap<string, string>> {
  process.env.TZ = "UTC";
  const drawn = new Map<string, string>();
  for (const picture of PICTURES) drawn.set(pathOf(picture), await draw(picture, root));
  return drawn;
}
