import type { CommandIo, ExitCode } from "./io.ts";
import type { Subcommands } from "./subcommands.ts";

interface Named {
  readonly name: string;
  readonly usage: string;
  readonly summary: string;
}

/** A command of its own. `help`: its usage; null: the command's whole usage says it. */
export interface SingleCommand extends Named {
  help(): Promise<string> | null;
  /** What its argument may be; absent: anything. */
  readonly words?: readonly string[];
  run(args: readonly string[], io: CommandIo): Promise<ExitCode>;
}

export interface CommandGroup extends Named {
  subcommands(): Promise<Subcommands>;
}

export type Command = SingleCommand | CommandGroup;
