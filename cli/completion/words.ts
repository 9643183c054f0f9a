import type { Command } from "../command.ts";
import { SERVER_OPTIONS } from "../help.ts";

export interface Word {
  readonly text: string;
  readonly summary: string;
}

/** What may follow a command. */
export interface CommandWords extends Word {
  /** Or what its argument may be; empty: neither. */
  readonly subcommands: readonly string[];
  readonly options: readonly string[];
}

/** Read from the usage texts, so that no second list of them exists. */
export async function wordsOf(commands: readonly Command[]): Promise<readonly CommandWords[]> {
  return Promise.all(
    commands.map(async (command) => {
      const named = { text: command.name, summary: command.summary };
      if (!("subcommands" in command)) {
        return {
          ...named,
          subcommands: command.words ?? [],
          options: optionsIn((await command.help()) ?? SERVER_OPTIONS),
        };
      }
      const group = await command.subcommands();
      return { ...named, subcommands: [...group.commands.keys()], options: optionsIn(group.usage) };
    }),
  );
}

/** The options that a usage text names, each once, in its order. */
export function optionsIn(usage: string): readonly string[] {
  return [...new Set(usage.match(/(?<![\w-])--[a-z][a-z-]*/g))];
}
