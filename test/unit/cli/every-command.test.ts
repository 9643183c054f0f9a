import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { COMMANDS } from "../../../cli/commands.ts";
import { wordsOf } from "../../../cli/completion/words.ts";
import { SERVER_OPTIONS } from "../../../cli/help.ts";

const DOCS = readFileSync(new URL("../../../docs/command.md", import.meta.url), "utf8");

async function helpOf(command: (typeof COMMANDS)[number]): Promise<string> {
  if ("subcommands" in command) return (await command.subcommands()).usage;
  return (await command.help()) ?? SERVER_OPTIONS;
}

describe.each(COMMANDS)("$name", (command) => {
  test("has output for programs, and says so in its help", async () => {
    expect(await helpOf(command)).toMatch(/^ {2}--json /m);
  });

  test("says its exit codes in its help, or in the documentation", async () => {
    const help = await helpOf(command);
    if (command.name === "serve") expect(DOCS).toContain("| `serve`");
    else expect(help).toMatch(/^Exit codes: 0 [^\n]*\b2 wrong usage/m);
  });

  test("is in the documentation", () => {
    expect(DOCS).toContain(`| \`${command.name}\``);
  });
});

test("completions have every command, its subcommands and its options", async () => {
  const words = await wordsOf(COMMANDS);
  expect(words.map(({ text }) => text)).toEqual(COMMANDS.map(({ name }) => name));
  const agents = words.find(({ text }) => text === "agents");
  expect(agents?.subcommands).toContain("rotate");
  expect(agents?.options).toEqual(expect.arrayContaining(["--json", "--server", "--yes", "--risk-tier"]));
});
