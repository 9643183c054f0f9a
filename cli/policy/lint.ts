import { join } from "node:path";
import { EXIT_FINDINGS, readOptions } from "./options.ts";
import type { CommandIo } from "../io.ts";
import { lintWarnings } from "./lint-warnings.ts";
import { lineFor, readRuleFiles } from "./rule-files.ts";

/** `policy lint`: errors fail; warnings are printed, and fail under `--strict`. */
export async function runLint(args: readonly string[], io: CommandIo): Promise<number> {
  const options = readOptions(args);
  const { policies, registry, problems } = readRuleFiles(options);
  const odd = policies.flatMap((file) =>
    lintWarnings(file.policy, registry).map(({ line, message }) => ({
      file: join(options.policyDir, file.file),
      line,
      column: 1,
      message,
    })),
  );
  if (options.json) {
    io.out(JSON.stringify({ policies: policies.map(({ policy }) => policy.id), problems, odd }, null, 2));
  } else {
    for (const problem of problems) io.err(lineFor(problem));
    for (const warning of odd) io.out(`${lineFor(warning)} (warning)`);
    io.out(`${policies.length} policies valid, ${problems.length} errors, ${odd.length} warnings.`);
  }
  return problems.length > 0 || (options.strict && odd.length > 0) ? EXIT_FINDINGS : 0;
}
