import type { CommandIo, ExitCode } from "./io.ts";

export interface Command {
  readonly name: string;
  readonly usage: string;
  readonly summary: string;
  /** True: the command itself handles `--help`. */
  readonly helpsItself?: boolean;
  run(args: readonly string[], io: CommandIo): Promise<ExitCode>;
}

/** Modules are imported on use, so that `init` does not load the runtime. */
export const COMMANDS: readonly Command[] = [
  {
    name: "serve",
    usage: "serve [options]",
    summary: "start the server",
    run: async (args, io) => (await import("./serve/command.ts")).runServe(args, io),
  },
  {
    name: "init",
    usage: "init [folder] [--with A,B]",
    summary: "write policies, gate.yaml (with ready-made destinations) and a secrets file",
    run: async (args, io) => (await import("./init/command.ts")).runInit(args, io),
  },
  {
    name: "policy",
    usage: "policy <command>",
    summary: "lint, test, explain, replay and compare policies",
    helpsItself: true,
    run: async (args, io) => (await import("./policy/command.ts")).runPolicyCommand(args, io),
  },
  {
    name: "approvals",
    usage: "approvals <command>",
    summary: "list, approve and reject cases that wait for people",
    helpsItself: true,
    run: async (args, io) => (await import("./approvals/command.ts")).runApprovalsCommand(args, io),
  },
  {
    name: "ledger",
    usage: "ledger <command>",
    summary: "show an intent, verify, export and follow the signed log",
    helpsItself: true,
    run: async (args, io) => (await import("./ledger/command.ts")).runLedgerCommand(args, io),
  },
  {
    name: "agents",
    usage: "agents <command>",
    summary: "register agents and keys, rotate, suspend and revoke them",
    helpsItself: true,
    run: async (args, io) => (await import("./agents/command.ts")).runAgentsCommand(args, io),
  },
  {
    name: "people",
    usage: "people <command>",
    summary: "list people with their keys and sign-ins, and unlink accounts",
    helpsItself: true,
    run: async (args, io) => (await import("./people/command.ts")).runPeopleCommand(args, io),
  },
  {
    name: "webhooks",
    usage: "webhooks <command>",
    summary: "register, test and remove event webhooks",
    helpsItself: true,
    run: async (args, io) => (await import("./webhooks/command.ts")).runWebhooksCommand(args, io),
  },
  {
    name: "switches",
    usage: "switches <command>",
    summary: "list, engage and lift kill switches",
    helpsItself: true,
    run: async (args, io) => (await import("./switches/command.ts")).runSwitchesCommand(args, io),
  },
  {
    name: "vault",
    usage: "vault check",
    summary: "fetch every credential of gate.yaml once and report failures",
    helpsItself: true,
    run: async (args, io) => (await import("./vault/command.ts")).runVaultCommand(args, io),
  },
  {
    name: "demo",
    usage: "demo",
    summary: "play three incidents and four use cases on a temporary server",
    run: async (args, io) => (await import("./demo/command.ts")).runDemo(args, io),
  },
];
