/**
 * A fixture as an asciicast: what the real renderer writes, with the times of the fixture. Version 3 tells intervals and the
 * end, version 2 times since the beginning. Players may print its title and marks: they are told as text. (docs.asciinema.org/manual/asciicast)
 */
import type { Size } from "#app/console/layout.ts";
import { visible } from "#core/output/text.ts";
import type { Header } from "#core/playback/header.ts";
import type { Listener } from "./listener.ts";

export type CastVersion = 2 | 3;

export interface CastOptions {
  readonly version: CastVersion;
  readonly size: Size;
  readonly header: Header;
  readonly startWallMs: number;
  /** Longer pauses are made as long as this. */
  readonly idleLimitMs: number | null;
}

export interface Cast {
  readonly listener: Pick<Listener, "written" | "mark" | "resize">;
  /** The lines that are ready. */
  take(): string;
  end(exitCode: number, atMs: number): void;
}

export function createCast({ version, size, header, startWallMs, idleLimitMs }: CastOptions): Cast {
  const timestamp = Math.floor(startWallMs / 1000);
  const title = header.title === undefined ? {} : { title: visible(header.title) };
  const { columns: width, rows: height } = size;
  let ready = line(
    version === 3
      ? { version, term: { cols: width, rows: height }, timestamp, ...title }
      : { version, width, height, timestamp, ...title },
  );
  /** What one moment shows is one event. */
  let frame = "";
  let frameMs = 0;
  /** As the cast tells it, pauses cut. */
  let toldMs = 0;
  let lastMs = 0;

  const event = (atMs: number, code: string, data: string) => {
    const gapMs = Math.max(0, atMs - lastMs);
    const intervalMs = idleLimitMs === null ? gapMs : Math.min(gapMs, idleLimitMs);
    lastMs = Math.max(lastMs, atMs);
    toldMs += intervalMs;
    ready += line([seconds(version === 3 ? intervalMs : toldMs), code, data]);
  };
  const finishFrame = () => {
    if (frame !== "") event(frameMs, "o", frame);
    frame = "";
  };
  return {
    listener: {
      written(text, atMs) {
        if (atMs !== frameMs) finishFrame();
        frame += text;
        frameMs = atMs;
      },
      mark(name, atMs) {
        finishFrame();
        event(atMs, "m", visible(name));
      },
      resize({ columns, rows }, atMs) {
        finishFrame();
        event(atMs, "r", `${columns}x${rows}`);
      },
    },
    take() {
      const text = ready;
      ready = "";
      return text;
    },
    end(exitCode, atMs) {
      finishFrame();
      if (version === 3) event(atMs, "x", String(exitCode));
    },
  };
}

const seconds = (ms: number): number => Math.round(ms * 1000) / 1e6;
const line = (value: unknown): string => `${JSON.stringify(value)}\n`;
