/** Unit files for supervisors, made for this installation: `serve --print-unit`. */

export interface UnitOptions {
  /** How muster is started: program and, from a checkout, its main file. */
  readonly command: readonly string[];
  /** Root's service; else a user's own. */
  readonly isSystem: boolean;
  readonly pidFile: string;
}

export const UNITS: Readonly<Record<"systemd" | "openrc", (options: UnitOptions) => string>> = {
  systemd: systemdUnit,
  openrc: openrcScript,
};

/**
 * systemd.service(5). KillMode=process: the daemons that were started through muster outlive it. An exit code that trying
 * again would not change is not tried again.
 */
function systemdUnit({ command, isSystem }: UnitOptions): string {
  const start = [...command, "serve", "--foreground"].map(systemdWord).join(" ");
  const directories = isSystem
    ? "RuntimeDirectory=muster\nRuntimeDirectoryMode=0755\nRuntimeDirectoryPreserve=yes\nStateDirectory=muster\nStateDirectoryMode=0700\n"
    : "";
  return `[Unit]
Description=muster: daemons, process sets and what happens to them

[Service]
Type=exec
ExecStart=${start}
ExecReload=/bin/kill -HUP $MAINPID
KillMode=process
Restart=on-failure
RestartPreventExitStatus=2 4 64 77 78
${directories}
[Install]
WantedBy=${isSystem ? "multi-user.target" : "default.target"}
`;
}

/** A word of ExecStart=: quoted where it must be; % and $ mean something else otherwise. */
function systemdWord(word: string): string {
  const text = word.replaceAll("%", "%%").replaceAll("$", "$$$$");
  return /^[\w@%+=:,./$-]+$/.test(text) ? text : `"${text.replace(/["\\]/g, "\\$&")}"`;
}

/** openrc-run(8). muster goes into the background by itself and keeps its pid file as start-stop-daemon(8) expects it. */
function openrcScript({ command, pidFile }: UnitOptions): string {
  const [program = "", ...words] = command;
  return `#!/sbin/openrc-run

name="muster"
description="daemons, process sets and what happens to them"
command=${shellWord(program)}
command_args=${shellWord([...words, "serve"].map(shellWord).join(" "))}
pidfile=${shellWord(pidFile)}
extra_started_commands="reload"

depend() {
	need localmount
	after bootmisc
}

reload() {
	ebegin "Reloading muster"
	start-stop-daemon --signal HUP --pidfile "$pidfile"
	eend $?
}
`;
}

function shellWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
