/**
 * An action on modules, jobs and attachments turned into what will be done: read and judged first, so that it can be told
 * before. The requests themselves are those of paggctl(3) and job_paggctl(3) (core/pagg).
 */
import type { ActionTarget } from "#core/act/request.ts";
import { attachmentIn, detachProcess, sendSignal } from "./attachment-orders.ts";
import {
  attach,
  createJob,
  detachJob,
  freezeOrThaw,
  jidIn,
  jobIn,
  killJob,
  tellPids,
  waitForJob,
} from "./job-orders.ts";
import { checkModule, controlModule, loadModule, moduleIn, unloadModule } from "./module-orders.ts";
import type { Kept, OrderContext, PaggOrder, PaggRequest } from "./pagg-order.ts";

/** Throws what keeps it from being asked for at all: USAGE, NOT_FOUND, IDENTITY_CHANGED, and what modules say. */
export function orderFor(request: PaggRequest, target: ActionTarget, kept: Kept, context: OrderContext): PaggOrder {
  switch (request.action) {
    case "module.check":
      return checkModule(request, moduleIn(target), kept.modules);
    case "module.load":
      return loadModule(request, moduleIn(target), kept.modules);
    case "module.unload":
      return unloadModule(request, moduleIn(target), kept.modules);
    case "module.ctl":
      return controlModule(request, moduleIn(target), kept.modules, context);
    case "job.create":
      return createJob(request, target, kept, context);
    case "job.attach":
      return attach(request, target, kept);
    case "job.detach":
      return detachJob(request, jobIn(target, kept), kept.jobs);
    case "job.kill":
      return killJob(request, jobIn(target, kept), kept.jobs);
    case "job.wait":
      return waitForJob(request, jidIn(target), kept);
    case "job.pids":
      return tellPids(request, jobIn(target, kept), kept.jobs);
    case "job.freeze":
    case "job.thaw":
      return freezeOrThaw(request, jobIn(target, kept), kept.jobs);
    case "attachment.detach":
      return detachProcess(request, attachmentIn(target, kept), kept.jobs);
    case "attachment.signal":
      return sendSignal(request, attachmentIn(target, kept), context);
  }
}
