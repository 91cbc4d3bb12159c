/** A filter the kernel runs on each message before queueing it: classic BPF, socket(7) SO_ATTACH_FILTER. */
import { addressOf, kernelBytes, viewOf } from "./memory.ts";
import { EVENT_BITS, OFFSET, type ProcessEventType } from "./process-event.ts";
import { setSocketOption } from "./socket-option.ts";

const SO_ATTACH_FILTER = 26;

const LOAD_WORD = 0x20;
const COPY_TO_X = 0x07;
const JUMP_IF_EQUAL = 0x15;
const JUMP_IF_EQUAL_X = 0x1d;
const RETURN = 0x06;
const WHOLE = 0xffff_ffff;

type Instruction = readonly [code: number, ifTrue: number, ifFalse: number, value: number];

/** Where an event tells pid and thread group; they differ for a thread. */
const PAIR: Readonly<Record<ProcessEventType, readonly [number, number]>> = {
  fork: [OFFSET.data + 8, OFFSET.data + 12],
  exec: [OFFSET.data, OFFSET.data + 4],
  exit: [OFFSET.data, OFFSET.data + 4],
};

/**
 * Lets through events of the wanted types, about whole processes unless `withThreads`, nothing else. Returns 0 or
 * `-errno`.
 */
export function attachThreadFilter(socket: number, events: readonly ProcessEventType[], withThreads: boolean): number {
  const program = withThreads ? buildTypeFilter(events) : buildThreadFilter(events);
  const code = kernelBytes(program.length * 8);
  const view = viewOf(code);
  for (const [index, [operation, ifTrue, ifFalse, value]] of program.entries()) {
    view.setUint16(index * 8, operation, true);
    view.setUint8(index * 8 + 2, ifTrue);
    view.setUint8(index * 8 + 3, ifFalse);
    view.setUint32(index * 8 + 4, value, true);
  }
  const description = kernelBytes(16);
  viewOf(description).setUint16(0, program.length, true);
  viewOf(description).setBigUint64(8, BigInt(addressOf(code)), true);
  return setSocketOption(socket, SO_ATTACH_FILTER, description);
}

function buildThreadFilter(events: readonly ProcessEventType[]): Instruction[] {
  return [
    [LOAD_WORD, 0, 0, OFFSET.what],
    ...events.flatMap((type): Instruction[] => {
      const [pid, threadGroup] = PAIR[type];
      // Either all six instructions after the first run, ending in a return, or none does.
      return [
        [JUMP_IF_EQUAL, 0, 6, asLoaded(EVENT_BITS[type])],
        [LOAD_WORD, 0, 0, pid],
        [COPY_TO_X, 0, 0, 0],
        [LOAD_WORD, 0, 0, threadGroup],
        [JUMP_IF_EQUAL_X, 0, 1, 0],
        [RETURN, 0, 0, WHOLE],
        [RETURN, 0, 0, 0],
      ];
    }),
    [RETURN, 0, 0, 0],
  ];
}

function buildTypeFilter(events: readonly ProcessEventType[]): Instruction[] {
  return [
    [LOAD_WORD, 0, 0, OFFSET.what],
    ...events.flatMap((type): Instruction[] => [
      [JUMP_IF_EQUAL, 0, 1, asLoaded(EVENT_BITS[type])],
      [RETURN, 0, 0, WHOLE],
    ]),
    [RETURN, 0, 0, 0],
  ];
}

/** The filter loads words as big-endian; both architectures here write them the other way round. */
function asLoaded(value: number): number {
  const bytes = new DataView(new ArrayBuffer(4));
  bytes.setUint32(0, value, true);
  return bytes.getUint32(0, false);
}
