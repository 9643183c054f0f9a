import type { Command } from "./command.ts";

/** Options of the command without a name, which starts the server. */
export const SERVER_OPTIONS = `Options of the server:
  --port <number>        port to listen on (4000)
  --host <address>       address to listen on (127.0.0.1)
  --data-dir <folder>    where all data is stored (./.gate)
  --policy-dir <folder>  policies, one YAML file each (./policies)
  --registry <file>      destinations, people and groups (./gate.yaml)
  --public-url <url>     address for links in messages (default: where it listens)
  --log <form>           json or pretty: a line for each request and decision (off)
  --json                 one line of JSON when it listens, in place of the text
  --local-sign-in        people of gate.yaml sign in without a key; this machine only
  --restored             the data folder was restored from a backup: send nothing of before
  --force                with --restored: also where nothing says that the folder is a backup
  --checkpoint <file>    with --restored: the newest checkpoint of the log that you have

  --help, --version`;

/** The usage of the whole command. */
export function usage(commands: readonly Command[]): string {
  const names = commands.filter((command) => command.name !== "serve");
  const width = Math.max(...names.map((command) => command.usage.length));
  return [
    `Usage: zehrava-gate ${"[options]".padEnd(width)}  start the server`,
    ...names.map((command) => `       zehrava-gate ${command.usage.padEnd(width)}  ${command.summary}`),
    "",
    SERVER_OPTIONS,
  ].join("\n");
}
