import type { CommandWords } from "./words.ts";

/** A shell, and its script: printed to standard output, for the shell to source. */
export const SCRIPTS = { bash, zsh, fish } as const;

export type Shell = keyof typeof SCRIPTS;

const NAME = "zehrava-gate";

function bash(commands: readonly CommandWords[], serverOptions: readonly string[]): string {
  const cases = commands.map((command) => `    ${command.text}) words="${followers(command).join(" ")}" ;;`);
  return `_zehrava_gate() {
  local words
  case "\${COMP_WORDS[1]}" in
${cases.join("\n")}
    *) words="${serverOptions.join(" ")}" ;;
  esac
  if [ "$COMP_CWORD" -eq 1 ]; then words="${first(commands, serverOptions).join(" ")}"; fi
  COMPREPLY=($(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _zehrava_gate ${NAME}
`;
}

function zsh(commands: readonly CommandWords[], serverOptions: readonly string[]): string {
  const described = commands.map(({ text, summary }) => `    ${quoted(`${text}:${summary}`)}`);
  const cases = commands.map(
    (command) => `    ${command.text}) compadd -- ${followers(command).join(" ")} ;;`,
  );
  return `#compdef ${NAME}
_zehrava_gate() {
  local -a commands=(
${described.join("\n")}
  )
  if (( CURRENT == 2 )); then
    _describe command commands
    compadd -- ${serverOptions.join(" ")}
    return
  fi
  case "\${words[2]}" in
${cases.join("\n")}
    *) compadd -- ${serverOptions.join(" ")} ;;
  esac
  _files
}
compdef _zehrava_gate ${NAME}
`;
}

function fish(commands: readonly CommandWords[], serverOptions: readonly string[]): string {
  const atFirst = "__fish_use_subcommand";
  const lines = commands.flatMap(({ text, summary, subcommands, options }) => {
    const after = `"__fish_seen_subcommand_from ${text}"`;
    return [
      `complete -c ${NAME} -n ${atFirst} -a ${text} -d ${quoted(summary)}`,
      ...(subcommands.length === 0
        ? []
        : [`complete -c ${NAME} -n ${after} -a ${quoted(subcommands.join(" "))}`]),
      ...options.map((option) => `complete -c ${NAME} -n ${after} -l ${option.slice(2)}`),
    ];
  });
  const server = serverOptions.map((option) => `complete -c ${NAME} -n ${atFirst} -l ${option.slice(2)}`);
  return `${[...lines, ...server].join("\n")}\n`;
}

function first(commands: readonly CommandWords[], serverOptions: readonly string[]): readonly string[] {
  return [...commands.map(({ text }) => text), ...serverOptions];
}

function followers({ subcommands, options }: CommandWords): readonly string[] {
  return [...subcommands, ...options];
}

/** For POSIX shells and fish: single quotes keep everything but themselves. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", "")}'`;
}
