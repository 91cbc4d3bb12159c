/**
 * The process of one module: muster again, started by the service with nothing but a socket, a pipe and its output. It has no other
 * task, so that whatever the module does, an endless loop, an exit, a crash, is done to nobody else.
 */
import { Fd, setCloseOnExec, writeAll } from "#ffi/fd.ts";
import { setParentDeathSignal } from "#ffi/parent-death.ts";
import { SIGNALS } from "#ffi/signals.ts";
import { hearSocket } from "#ffi/stream-pair.ts";
import type { Json } from "../request.ts";
import { defineModule, failureOf } from "./definition.ts";
import { Lines } from "./lines.ts";
import { DATA_LIMIT, type FromHost, HOST_INPUT, HOST_OUTPUT, type ToHost } from "./messages.ts";
import { HookRunner, ModuleWord } from "./runner.ts";

/** The word on the command line that means this. */
export const HOST_WORD = "--module-host";

/** Of a line from the service, which bounds what it sends. */
const LONGEST_LINE = 1 << 26;

export async function runModuleHost(exit: (code: number) => never): Promise<never> {
  // It has to end with the service even if the module never lets it read again.
  setParentDeathSignal(SIGNALS.SIGKILL);
  const host = new ModuleHostSide(exit);
  process.removeAllListeners("uncaughtException");
  process.removeAllListeners("unhandledRejection");
  process.on("uncaughtException", (thrown) => host.fail(thrown, null));
  process.on("unhandledRejection", (thrown) => host.fail(thrown, null));
  const input = Fd.adopt(HOST_INPUT, "service");
  // What the module starts does not inherit them.
  for (const fd of [HOST_INPUT, HOST_OUTPUT]) setCloseOnExec(Fd.adopt(fd, "service"), true);
  const lines = new Lines(
    LONGEST_LINE,
    (line) => host.take(JSON.parse(line) as ToHost),
    () => exit(1),
  );
  host.send({ op: "started" });
  await hearSocket(input, (chunk) => lines.push(chunk));
  return exit(0);
}

class ModuleHostSide {
  readonly #exit: (code: number) => never;
  readonly #output = Fd.adopt(HOST_OUTPUT, "service");
  #path = "";
  #runner: HookRunner | null = null;
  #isTouched = false;

  constructor(exit: (code: number) => never) {
    this.#exit = exit;
  }

  take(message: ToHost): void {
    try {
      this.#take(message);
    } catch (thrown) {
      this.fail(thrown, message.op === "call" ? message.request : (this.#runner?.hook ?? null));
    }
  }

  send(message: FromHost): void {
    writeAll(this.#output, Buffer.from(`${JSON.stringify(message)}\n`));
  }

  /** The module has a defect: it says so and is no more. */
  fail(thrown: unknown, where: string | null): never {
    this.send({ op: "failed", ...failureOf(this.#path, thrown, where) });
    return this.#exit(1);
  }

  #take(message: ToHost): void {
    switch (message.op) {
      case "load":
        this.#load(message);
        return;
      case "events":
        this.#runner?.apply(message.events);
        this.send({ op: "done", batch: message.batch, ...(this.#runner?.takeOutcome() ?? NOTHING) });
        return;
      case "call":
        this.#call(message.id, message.request, message.data);
        return;
      case "attachFailed":
        this.#runner?.attachFailed(message.id, message.errno, message.message);
        return;
      case "unload":
        this.#runner?.detachAll();
        this.send({ op: "bye" });
        this.#exit(0);
    }
  }

  #load({ path, name, source, procRoot }: ToHost & { op: "load" }): void {
    this.#path = path;
    defineModule(path, name, source).then(
      ({ module, loaded }) => {
        this.#runner = new HookRunner({
          module,
          procRoot,
          askAttach: (id, pid) => this.send({ op: "attach", id, pid }),
          onTouched: () => this.#touched(),
        });
        this.send({ op: "loaded", ...loaded });
      },
      (thrown) => this.fail(thrown, null),
    );
  }

  /** What a request has touched is told once, when it is done or waits. */
  #touched(): void {
    if (this.#isTouched) return;
    this.#isTouched = true;
    queueMicrotask(() => {
      this.#isTouched = false;
      const outcome = this.#runner?.takeOutcome();
      if (outcome) this.send({ op: "touched", ...outcome });
    });
  }

  #call(id: number, request: string, data: Json): void {
    let answer: unknown;
    try {
      answer = this.#runner?.call(request, data);
    } catch (thrown) {
      this.send({ op: "took", id });
      this.#refuse(id, request, thrown);
      return;
    }
    this.send({ op: "took", id });
    if (!(answer instanceof Promise)) this.#answer(id, request, answer);
    else
      answer.then(
        (value) => this.#answer(id, request, value),
        (thrown) => this.#refuse(id, request, thrown),
      );
  }

  #answer(id: number, request: string, value: unknown): void {
    let text: string;
    try {
      text = JSON.stringify(value ?? null) ?? "null";
    } catch (thrown) {
      this.fail(thrown, `the answer of ${request}`);
    }
    if (Buffer.byteLength(text) > DATA_LIMIT) {
      this.send({ op: "refusal", id, errno: "EMSGSIZE", message: `the answer has more than ${DATA_LIMIT} bytes` });
    } else writeAll(this.#output, Buffer.from(`{"op":"answer","id":${id},"data":${text}}\n`));
  }

  #refuse(id: number, request: string, thrown: unknown): void {
    if (!(thrown instanceof ModuleWord)) this.fail(thrown, request);
    this.send({ op: "refusal", id, errno: thrown.errno, message: thrown.message });
  }
}

const NOTHING = { attached: [], changed: [], left: [], refused: [] };
