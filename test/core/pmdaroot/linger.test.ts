/** Who is heard without a way through the loop: only one who asks in a row, and only what is his to ask now. */
import { describe, expect, test } from "bun:test";
import { Linger } from "#core/pmdaroot/linger.ts";
import { setNonBlocking, writeAll } from "#ffi/fd.ts";
import { streamPair } from "#ffi/stream-pair.ts";

/** A connection whose other end is `far`, and a clock that goes on by `stepMs` whenever it is read. */
class Stage implements Disposable {
  readonly taken: string[] = [];
  isHearing = true;
  stepMs = 0.001;
  readonly #pair = streamPair();
  readonly socket = { fd: this.#pair.near.number };
  #nowMs = 0;

  constructor() {
    setNonBlocking(this.#pair.near);
  }

  readonly nowMs = () => {
    this.#nowMs += this.stepMs;
    return this.#nowMs;
  };

  take(chunk: Uint8Array): void {
    this.taken.push(Buffer.from(chunk).toString());
  }

  say(text: string): void {
    writeAll(this.#pair.far, Buffer.from(text));
  }

  hangUp(): void {
    this.#pair.far.close();
  }

  [Symbol.dispose](): void {
    this.#pair.near.close();
    this.#pair.far.close();
  }
}

describe("after an answer", () => {
  test("the next question is heard at once if it is the second of a row, not before", () => {
    using stage = new Stage();
    const linger = new Linger(stage, 2);
    stage.say("one");
    linger.after(stage.socket, stage);
    expect(stage.taken).toEqual([]);
    linger.after(stage.socket, stage);
    expect(stage.taken).toEqual(["one"]);
    linger.after(stage.socket, stage);
    expect(stage.taken).toEqual(["one"]);
  });

  test("not if the last one was long ago", () => {
    using stage = new Stage();
    const linger = new Linger(stage, 2);
    stage.say("one");
    linger.after(stage.socket, stage);
    stage.stepMs = 1;
    linger.after(stage.socket, stage);
    expect(stage.taken).toEqual([]);
  });

  test("not while others ask as well", () => {
    using stage = new Stage();
    using other = new Stage();
    const linger = new Linger(stage, 2);
    stage.say("one");
    other.say("two");
    for (let round = 0; round < 3; round++) {
      linger.after(stage.socket, stage);
      linger.after(other.socket, other);
    }
    expect([...stage.taken, ...other.taken]).toEqual([]);
  });

  test("not on one processor", () => {
    using stage = new Stage();
    const linger = new Linger(stage, 1);
    stage.say("one");
    linger.after(stage.socket, stage);
    linger.after(stage.socket, stage);
    expect(stage.taken).toEqual([]);
  });

  test("nothing is taken for a connection that waits or is closed", () => {
    using stage = new Stage();
    const linger = new Linger(stage, 2);
    stage.say("one");
    linger.after(stage.socket, stage);
    stage.isHearing = false;
    linger.after(stage.socket, stage);
    expect(stage.taken).toEqual([]);
  });

  test("a client that never stops does not keep the others waiting", () => {
    using stage = new Stage();
    const linger = new Linger(stage, 2);
    linger.after(stage.socket, stage);
    stage.stepMs = 0.01;
    stage.say("again");
    const endless = {
      isHearing: true,
      take: (chunk: Uint8Array) => {
        stage.take(chunk);
        stage.say("again");
      },
    };
    linger.after(stage.socket, endless);
    expect(stage.taken.length).toBeGreaterThan(1);
    expect(stage.taken.length).toBeLessThan(100);
  });

  test("the end of a connection is left to the loop", () => {
    using stage = new Stage();
    const linger = new Linger(stage, 2);
    linger.after(stage.socket, stage);
    stage.hangUp();
    linger.after(stage.socket, stage);
    expect(stage.taken).toEqual([]);
  });
});
