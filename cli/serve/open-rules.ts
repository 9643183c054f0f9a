import { parsePolicy } from "../../src/config/policy/parse.ts";
import { parseRegistry } from "../../src/config/registry/parse.ts";
import { CommandFailure } from "../io.ts";
import type { CredentialVariables } from "./credentials.ts";
import { requireReadable } from "./preconditions.ts";
import { type RulesSource, rulesSource } from "./rules.ts";

interface RulesOptions {
  readonly policyDir: string;
  readonly registry: string | null;
  readonly say: (line: string) => void;
}

/** @throws {CommandFailure} for an unreadable folder or an invalid registry: no earlier version can stay active */
export function openRules(
  { policyDir, registry, say }: RulesOptions,
  credentials: CredentialVariables,
): RulesSource {
  requireReadable(policyDir, "--policy-dir");
  if (registry !== null) requireReadable(registry, "--registry");
  const registryProblems: string[] = [];
  const source = rulesSource({
    policyDir,
    registry,
    checkPolicy: parsePolicy,
    checkRegistry(file, text) {
      const parsed = parseRegistry(file, text);
      if (parsed.ok) credentials.collect(parsed.value);
      else {
        registryProblems.push(
          ...parsed.error.map(({ line, column, message }) => `${file}:${line}:${column}: ${message}`),
        );
      }
      return parsed;
    },
    say,
  });
  if (source.current().registry === null && registry !== null) {
    throw new CommandFailure(`the registry is invalid\n${registryProblems.join("\n")}`);
  }
  return source;
}
