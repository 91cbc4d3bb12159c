/** The committed JSON Schemas by the names that `muster schema` takes. Imported, so that the executable has them. */
import action from "#core/output/schemas/action.json" with { type: "json" };
import attachment from "#core/output/schemas/attachment.json" with { type: "json" };
import attachments from "#core/output/schemas/attachments.json" with { type: "json" };
import categories from "#core/output/schemas/categories.json" with { type: "json" };
import category from "#core/output/schemas/category.json" with { type: "json" };
import container from "#core/output/schemas/container.json" with { type: "json" };
import containerAnswers from "#core/output/schemas/container-answers.json" with { type: "json" };
import containers from "#core/output/schemas/containers.json" with { type: "json" };
import daemon from "#core/output/schemas/daemon.json" with { type: "json" };
import daemons from "#core/output/schemas/daemons.json" with { type: "json" };
import doctor from "#core/output/schemas/doctor.json" with { type: "json" };
import endpoint from "#core/output/schemas/endpoint.json" with { type: "json" };
import endpoints from "#core/output/schemas/endpoints.json" with { type: "json" };
import error from "#core/output/schemas/error.json" with { type: "json" };
import event from "#core/output/schemas/event.json" with { type: "json" };
import events from "#core/output/schemas/events.json" with { type: "json" };
import fixture from "#core/output/schemas/fixture.json" with { type: "json" };
import job from "#core/output/schemas/job.json" with { type: "json" };
import jobReports from "#core/output/schemas/job-reports.json" with { type: "json" };
import jobs from "#core/output/schemas/jobs.json" with { type: "json" };
import member from "#core/output/schemas/member.json" with { type: "json" };
import memberRun from "#core/output/schemas/member-run.json" with { type: "json" };
import members from "#core/output/schemas/members.json" with { type: "json" };
import module from "#core/output/schemas/module.json" with { type: "json" };
import modules from "#core/output/schemas/modules.json" with { type: "json" };
import policies from "#core/output/schemas/policies.json" with { type: "json" };
import policy from "#core/output/schemas/policy.json" with { type: "json" };
import process from "#core/output/schemas/process.json" with { type: "json" };
import processes from "#core/output/schemas/processes.json" with { type: "json" };
import recording from "#core/output/schemas/recording.json" with { type: "json" };
import records from "#core/output/schemas/records.json" with { type: "json" };
import rpc from "#core/output/schemas/rpc.json" with { type: "json" };
import run from "#core/output/schemas/run.json" with { type: "json" };
import service from "#core/output/schemas/service.json" with { type: "json" };
import snapshot from "#core/output/schemas/snapshot.json" with { type: "json" };
import stream from "#core/output/schemas/stream.json" with { type: "json" };
import unit from "#core/output/schemas/unit.json" with { type: "json" };
import version from "#core/output/schemas/version.json" with { type: "json" };

export const SCHEMA_FILES: Readonly<Record<string, { readonly title: string }>> = {
  action,
  category,
  categories,
  member,
  members,
  module,
  modules,
  job,
  jobs,
  "job-reports": jobReports,
  attachment,
  attachments,
  endpoint,
  endpoints,
  policy,
  policies,
  container,
  containers,
  "container-answers": containerAnswers,
  process,
  processes,
  daemon,
  daemons,
  doctor,
  error,
  event,
  events,
  recording,
  fixture,
  rpc,
  run,
  "member-run": memberRun,
  records,
  service,
  snapshot,
  stream,
  unit,
  version,
};
