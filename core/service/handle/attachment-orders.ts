/** Orders on single processes attached to modules. */
import type { ActionTarget } from "#core/act/request.ts";
import type { Attachment } from "#core/model/attachment.ts";
import { MusterError } from "#core/model/error.ts";
import { jidText } from "#core/model/jid.ts";
import { jobError } from "#core/pagg/job/errors.ts";
import type { JobRequests } from "#core/pagg/job/requests.ts";
import { signalName } from "#ffi/signals.ts";
import { attachmentOfId } from "../pagg-id.ts";
import {
  type Kept,
  type OrderContext,
  order,
  type PaggOrder,
  type PaggRequest,
  signalIn,
  step,
  usage,
} from "./pagg-order.ts";
import { signalProcess } from "./signal-process.ts";

export function detachProcess(request: PaggRequest, item: Attachment, jobs: JobRequests): PaggOrder {
  const { pid, identity, job } = item;
  return order(request, item, {
    plan: [{ ...step(`let process ${pid} out of ${job ?? item.module}`), pid, identity }],
    run: () => {
      const left = jidText(jobs.detachpid(pid, startTicksOf(identity)));
      return { message: `process ${pid} has left ${left}` };
    },
  });
}

export function sendSignal(request: PaggRequest, item: Attachment, { procRoot }: OrderContext): PaggOrder {
  const { pid, identity } = item;
  const signal = signalIn(request, null);
  const name = signalName(signal);
  return order(request, item, {
    // Asked when the process is held: it may be another user's than it was.
    asksOwner: true,
    ownerUid: item.uid,
    plan: [{ op: "signal", text: `send ${name} to process ${pid}`, signal: name, pid, identity }],
    run: ({ authorize }) => {
      const gone = (message: string) => jobError("ESRCH", message);
      signalProcess({ pid, startTicks: startTicksOf(identity) }, signal, { procRoot, authorize, gone });
      return { message: `${name} was sent to process ${pid} (${item.comm})` };
    },
  });
}

const startTicksOf = (identity: string): string => identity.slice(identity.indexOf(":") + 1);

export function attachmentIn({ id, identity }: ActionTarget, kept: Kept): Attachment {
  const named = attachmentOfId(id);
  if (!named) throw usage(`not the id of an attachment: ${id}`, "it is node/attachment/MODULE/PID:START");
  const item = kept.attachment(named);
  if (!item) throw jobError("ESRCH", `process ${named.pid} is not attached to ${named.module}`, { target: id });
  if (identity && identity !== item.identity) {
    throw new MusterError("IDENTITY_CHANGED", `${id} is not process ${identity}`, {
      hint: "look again, then repeat the action",
    });
  }
  return item;
}
