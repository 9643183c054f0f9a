import type { Command } from "./command.ts";

/** Modules are imported on use, so that `init` does not load the runtime. */
export const COMMANDS: readonly Command[] = [
  {
    name: "serve",
    usage: "serve [options]",
    summary: "start the server",
    help: () => null,
    run: async (args, io) => (await import("./serve/command.ts")).runServe(args, io),
  },
  {
    name: "init",
    usage: "init [folder] [--with A,B]",
    summary: "write policies, gate.yaml (with ready-made destinations) and a secrets file",
    help: async () => (await import("./init/command.ts")).USAGE,
    run: async (args, io) => (await import("./init/command.ts")).runInit(args, io),
  },
  {
    name: "policy",
    usage: "policy <command>",
    summary: "lint, test, explain, replay and compare policies",
    subcommands: async () => (await import("./policy/command.ts")).POLICY,
  },
  {
    name: "approvals",
    usage: "approvals <command>",
    summary: "list, approve and reject cases that wait for people",
    subcommands: async () => (await import("./approvals/command.ts")).APPROVALS,
  },
  {
    name: "ledger",
    usage: "ledger <command>",
    summary: "show an intent, verify, export and follow the signed log",
    subcommands: async () => (await import("./ledger/command.ts")).LEDGER,
  },
  {
    name: "agents",
    usage: "agents <command>",
    summary: "register agents and keys, rotate, suspend and revoke them",
    subcommands: async () => (await import("./agents/command.ts")).AGENTS,
  },
  {
    name: "people",
    usage: "people <command>",
    summary: "list people with their keys and sign-ins, and unlink accounts",
    subcommands: async () => (await import("./people/command.ts")).PEOPLE,
  },
  {
    name: "webhooks",
    usage: "webhooks <command>",
    summary: "register, test and remove event webhooks",
    subcommands: async () => (await import("./webhooks/command.ts")).WEBHOOKS,
  },
  {
    name: "switches",
    usage: "switches <command>",
    summary: "list, engage and lift kill switches",
    subcommands: async () => (await import("./switches/command.ts")).SWITCHES,
  },
  {
    name: "vault",
    usage: "vault check",
    summary: "fetch every credential of gate.yaml once and report failures",
    subcommands: async () => (await import("./vault/command.ts")).VAULT,
  },
  {
    name: "demo",
    usage: "demo",
    summary: "play three incidents and four use cases on a temporary server",
    help: async () => (await import("./demo/command.ts")).USAGE,
    run: async (args, io) => (await import("./demo/command.ts")).runDemo(args, io),
  },
  {
    name: "completion",
    usage: "completion <shell>",
    summary: "print the completions of commands and options for bash, zsh or fish",
    words: ["bash", "zsh", "fish"],
    help: async () => (await import("./completion/command.ts")).USAGE,
    run: async (args, io) => (await import("./completion/command.ts")).runCompletion(args, io, COMMANDS),
  },
];
