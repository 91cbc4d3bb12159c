/** An action on a daemon turned into an order to daemonControl(), and into a plan that can be read. */
import { DAEMON_ACTIONS } from "#core/act/daemon-actions.ts";
import type { ActionRequest } from "#core/act/request.ts";
import { resolveCredentials } from "#core/daemon/accounts.ts";
import type { ControlAction } from "#core/daemon/control-params.ts";
import type { Subject } from "#core/daemon/item.ts";
import { runCommand } from "#core/daemon/run-command.ts";
import type { StartCommand } from "#core/daemon/start.ts";
import type { StopOrder } from "#core/daemon/stop.ts";
import type { Clock } from "#core/model/clock.ts";
import type { Daemon } from "#core/model/daemon.ts";
import type { DaemonDeclaration } from "#core/model/declaration.ts";
import type { Environment } from "#core/model/environment.ts";
import { MusterError } from "#core/model/error.ts";
import type { Step } from "#core/model/step.ts";
import { lookupUser } from "#ffi/accounts.ts";
import { signalName, signalNumber } from "#ffi/signals.ts";

export interface DaemonOrder {
  readonly action: ControlAction;
  readonly guardFile: string;
  readonly plan: readonly Step[];
  /** What the operator wants from now on; null: as before. */
  readonly wanted: "up" | "down" | null;
}

export type DaemonRequest = ActionRequest & { readonly action: keyof typeof DAEMON_ACTIONS };

export function isDaemonRequest(request: ActionRequest): request is DaemonRequest {
  return Object.hasOwn(DAEMON_ACTIONS, request.action);
}

interface OrderContext {
  readonly environment: Environment;
  readonly clock: Clock;
  readonly onStarted: (pid: number) => void;
}

const SIGTERM = 15;
const SIGHUP = 1;
const SIGKILL = 9;
const DEFAULT_DEADLINE_SECONDS = 10;
/** A program that muster daemonizes must live so long to count as started. */
const SETTLE_SECONDS = 0.1;
const DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** Throws USAGE for arguments that make no sense, NOT_ALLOWED_NOW if the daemon lacks what is needed. */
export function orderFor(request: DaemonRequest, item: Daemon, subject: Subject, context: OrderContext): DaemonOrder {
  const { declaration } = subject;
  const { guardFile } = item;
  if (guardFile === null) {
    throw new MusterError("NOT_ALLOWED_NOW", `${item.pidFile} does not end in .pid, so its guard file is not known`, {
      target: item.id,
      hint: "declare the daemon with its guard_file",
    });
  }
  const guard: Step = { op: "guard", text: `lock ${guardFile}`, path: guardFile };
  switch (request.action) {
    case "daemon.check": {
      const check: Step = { op: "check", text: `read ${item.pidFile} and its lock`, path: item.pidFile };
      return { action: { type: "check" }, guardFile, plan: [guard, check], wanted: null };
    }
    case "daemon.start": {
      const command = startCommand(item, declaration, context);
      return { action: { type: "start", command }, guardFile, plan: [guard, runStep(command)], wanted: "up" };
    }
    case "daemon.stop":
    case "daemon.kill": {
      const order = stopOrder(request, declaration);
      return { action: { type: "stop", order }, guardFile, plan: [guard, ...stopSteps(order, item)], wanted: "down" };
    }
    case "daemon.restart": {
      const order = stopOrder(request, declaration);
      const command = startCommand(item, declaration, context);
      const plan = [guard, ...(item.lock.held ? stopSteps(order, item) : []), runStep(command)];
      return { action: { type: "restart", order, command }, guardFile, plan, wanted: "up" };
    }
    case "daemon.reload": {
      const signal = declaration?.reloadSignal ?? SIGHUP;
      return { action: { type: "signal", signal }, guardFile, plan: [guard, signalPlan(signal, item)], wanted: null };
    }
    case "daemon.signal": {
      const signal = signalArgument(request);
      return { action: { type: "signal", signal }, guardFile, plan: [guard, signalPlan(signal, item)], wanted: null };
    }
  }
}

function signalArgument({ arguments: { signal } }: ActionRequest): number {
  const number = signal === undefined ? null : signalNumber(String(signal));
  if (number !== null) return number;
  throw new MusterError("USAGE", signal === undefined ? "no signal was given" : `unknown signal: ${signal}`, {
    hint: "give a name such as HUP, or a number from 1 to 64",
  });
}

function stopOrder(request: ActionRequest, declaration: DaemonDeclaration | null): StopOrder {
  const given = request.arguments.timeout;
  const deadlineSeconds =
    given === undefined ? (declaration?.stopDeadlineSeconds ?? DEFAULT_DEADLINE_SECONDS) : Number(given);
  if (!(deadlineSeconds > 0) || !Number.isFinite(deadlineSeconds)) {
    throw new MusterError("USAGE", `not a time in seconds: ${given}`, { target: "timeout" });
  }
  const clearsPidFile = declaration !== null && !declaration.daemonizes;
  if (request.action === "daemon.kill") return { signal: SIGKILL, deadlineSeconds, escalation: [], clearsPidFile };
  const escalation = [...(declaration?.escalation ?? [])];
  if (request.arguments.force === true && !escalation.includes(SIGKILL)) escalation.push(SIGKILL);
  return { signal: declaration?.stopSignal ?? SIGTERM, deadlineSeconds, escalation, clearsPidFile };
}

function startCommand(item: Daemon, declaration: DaemonDeclaration | null, context: OrderContext): StartCommand {
  if (!declaration?.command) {
    throw new MusterError("NOT_ALLOWED_NOW", `${item.label} has no command to start it with`, {
      target: item.id,
      hint: "set command in its declaration",
    });
  }
  const { clock, environment, onStarted } = context;
  const env = commandEnvironment(declaration, environment);
  const daemonize = async (argv: readonly string[]) => {
    const { pid } = await runCommand({
      pidFile: declaration.pidFile,
      user: declaration.user,
      group: declaration.group,
      preserveCwd: false,
      directory: declaration.directory,
      settleSeconds: SETTLE_SECONDS,
      argv,
      variables: env,
      procRoot: environment.procRoot,
      clock,
      stderr: "null",
    });
    onStarted(pid);
  };
  const self = { uid: process.geteuid?.() ?? 0, gid: process.getegid?.() ?? 0 };
  return {
    argv: declaration.command,
    env,
    cwd: declaration.directory,
    credentials: resolveCredentials(declaration.user, declaration.group, self),
    deadlineSeconds: declaration.startDeadlineSeconds,
    daemonize: declaration.daemonizes ? null : daemonize,
    output: "null",
  };
}

/** A daemon gets no operator's environment: his agents, tokens and editor settings are none of its business. */
function commandEnvironment(declaration: DaemonDeclaration, environment: Environment): Record<string, string> {
  const env: Record<string, string> = { PATH: environment.variables.PATH ?? DEFAULT_PATH };
  if (environment.variables.LANG !== undefined) env.LANG = environment.variables.LANG;
  const { user } = declaration;
  const account = user === null ? null : lookupUser(user.startsWith("#") ? Number(user.slice(1)) : user);
  if (account) Object.assign(env, { USER: account.name, LOGNAME: account.name, HOME: account.home });
  return { ...env, ...declaration.environment };
}

function runStep(command: StartCommand): Step {
  return { op: "run", text: `run ${command.argv.join(" ")}`, argv: command.argv };
}

function signalPlan(signal: number, item: Daemon): Step {
  const name = signalName(signal);
  return {
    op: "signal",
    text: `send ${name} to process ${item.pid ?? "?"}`,
    signal: name,
    ...(item.pid === null ? {} : { pid: item.pid }),
    ...(item.identity === null ? {} : { identity: item.identity }),
  };
}

function stopSteps(order: StopOrder, item: Daemon): Step[] {
  return [order.signal, ...order.escalation].flatMap((signal) => [
    signalPlan(signal, item),
    {
      op: "wait",
      text: `wait for at most ${order.deadlineSeconds} s for the lock of ${item.pidFile}`,
      path: item.pidFile,
      ...(order.deadlineSeconds === null ? {} : { timeoutSeconds: order.deadlineSeconds }),
    } as const,
  ]);
}
