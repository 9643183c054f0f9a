import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { run } from "../support/command.ts";

/** What each shell offers after these words; the last one is unfinished. */
const SHELLS: Readonly<Record<string, (script: string, words: readonly string[]) => readonly string[]>> = {
  bash: (script, words) =>
    linesOf("bash", [
      "-c",
      `${script}\nCOMP_WORDS=(${words.join(" ")}); COMP_CWORD=${words.length - 1}; _zehrava_gate
       printf '%s\\n' "\${COMPREPLY[@]}"`,
    ]),
  // Its completion system needs a terminal; these are the words that the script hands to it.
  zsh: (script, words) =>
    linesOf("zsh", [
      "-fc",
      `compdef() { : }; _files() { : }; compadd() { shift; print -l -- "$@" }
       _describe() { print -l -- \${\${(P)2}%%:*} }
       ${script}\nwords=(${words.join(" ")}); CURRENT=${words.length}; _zehrava_gate`,
    ]).filter((word) => word.startsWith(words.at(-1) ?? "")),
  fish: (script, words) =>
    linesOf("fish", ["--no-config", "-c", `${script}\ncomplete -C '${words.join(" ")}'`]).map(
      (line) => line.split("\t")[0] ?? "",
    ),
};

function linesOf(shell: string, args: readonly string[]): readonly string[] {
  const out = execFileSync(shell, args, { encoding: "utf8", cwd: "/proc/self/task" });
  return out.split("\n").filter((line) => line !== "");
}

describe.each(Object.entries(SHELLS))("%s", (shell, complete) => {
  const isMissing = !existsSync(`/usr/bin/${shell}`) && process.env["CI"] === undefined;

  test.skipIf(isMissing)("completes commands, subcommands and options", async () => {
    const { out: script } = await run(["completion", shell]);
    const offered = (...words: readonly string[]) => complete(script, ["zehrava-gate", ...words]).toSorted();
    expect(offered("pol")).toEqual(["policy"]);
    expect(offered("agents", "ro")).toEqual(["role", "rotate"]);
    expect(offered("policy", "--str")).toEqual(["--strict"]);
    expect(offered("completion", "b")).toEqual(["bash"]);
    expect(offered("--pol")).toEqual(["--policy-dir"]);
  });
});

test("a shell without completions is wrong usage, and the help names those with", async () => {
  const { code, err } = await run(["completion", "tcsh"]);
  expect(code).toBe(2);
  expect(err).toContain("completion takes bash, zsh, fish");
  expect(err).toContain("Usage: zehrava-gate completion");
});
