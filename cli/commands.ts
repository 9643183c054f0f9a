import type { CommandIo, ExitCode } from "./io.ts";

export interface Command {
  readonly name: string;
  readonly usage: string;
  readonly summary: string;
  /** True: `--help` after the name is the command's own. */
  readonly helpsItself?: boolean;
  /** True: it starts the embedded runtime, which asks for a newer Node than the rest. */
  readonly needsRuntime?: boolean;
  run(args: readonly string[], io: CommandIo): Promise<ExitCode>;
}

/** Each is loaded when it is asked for, so that `init` does not pay for the runtime. */
export const COMMANDS: readonly Command[] = [
  {
    name: "serve",
    usage: "serve [options]",
    summary: "start the server",
    needsRuntime: true,
    run: async (args, io) => (await import("./serve/command.ts")).runServe(args, io),
  },
  {
    name: "init",
    usage: "init [folder]",
    summary: "write starter policies, gate.yaml and a secrets file",
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
    summary: "see what waits for people, approve and reject it",
    helpsItself: true,
    run: async (args, io) => (await import("./approvals/command.ts")).runApprovalsCommand(args, io),
  },
  {
    name: "ledger",
    usage: "ledger <command>",
    summary: "verify, export and follow the signed log",
    helpsItself: true,
    run: async (args, io) => (await import("./ledger/command.ts")).runLedgerCommand(args, io),
  },
  {
    name: "vault",
    usage: "vault check",
    summary: "fetch every credential of gate.yaml once and say which can't be had",
    helpsItself: true,
    run: async (args, io) => (await import("./vault/command.ts")).runVaultCommand(args, io),
  },
  {
    name: "demo",
    usage: "demo",
    summary: "play three incidents and four use cases on a temporary server",
    needsRuntime: true,
    run: async (args, io) => (await import("./demo/command.ts")).runDemo(args, io),
  },
];
