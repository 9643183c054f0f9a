import type { Command } from "../command.ts";
import { SERVER_OPTIONS } from "../help.ts";
import type { CommandIo, ExitCode } from "../io.ts";
import { parseFlags, UsageError } from "../usage.ts";
import { SCRIPTS, type Shell } from "./scripts.ts";
import { optionsIn, wordsOf } from "./words.ts";

const SHELLS = Object.keys(SCRIPTS) as readonly Shell[];

export const USAGE = `Usage: zehrava-gate completion <shell>

  bash                 source <(zehrava-gate completion bash)     in ~/.bashrc
  zsh                  source <(zehrava-gate completion zsh)      in ~/.zshrc, after compinit
  fish                 zehrava-gate completion fish | source      in ~/.config/fish/config.fish

Options
  --json               the words themselves, for other shells and programs
  --help

Exit codes: 0 done, 2 wrong usage.`;

/** `zehrava-gate completion`. */
export async function runCompletion(
  args: readonly string[],
  io: CommandIo,
  commands: readonly Command[],
): Promise<ExitCode> {
  const { values, positionals } = parseFlags(args, { json: { type: "boolean", default: false } }, { max: 1 });
  const words = await wordsOf(commands);
  if (values.json) {
    io.out(JSON.stringify(words, null, 2));
    return 0;
  }
  const shell = SHELLS.find((known) => known === positionals[0]);
  if (shell === undefined) throw new UsageError(`completion takes ${SHELLS.join(", ")}`);
  io.out(SCRIPTS[shell](words, optionsIn(SERVER_OPTIONS)));
  return 0;
}
