import { join } from "node:path";
import { EXIT_FINDINGS, readOptions } from "./options.ts";
import type { Io } from "./options.ts";
import { lintWarnings } from "./lint-warnings.ts";
import { lineFor, readRuleFiles } from "./rule-files.ts";

/** Mistakes fail; what only looks odd is said, and fails under `--strict`. */
export async function runLint(args: readonly string[], io: Io): Promise<number> {
  const options = readOptions(args);
  const { policies, registry, problems } = readRuleFiles(options);
  const odd = policies.flatMap((file) =>
    lintWarnings(file.policy, registry).map((oddity) => ({
      file: join(options.policyDir, file.file),
      line: oddity.line,
      column: 1,
      message: oddity.message,
    })),
  );
  if (options.json) {
    io.out(JSON.stringify({ policies: policies.map(({ policy }) => policy.id), problems, odd }, null, 2));
  } else {
    for (const problem of problems) io.err(lineFor(problem));
    for (const oddity of odd) io.out(`${lineFor(oddity)} (odd)`);
    io.out(`${policies.length} policies good, ${problems.length} mistakes, ${odd.length} oddities.`);
  }
  return problems.length > 0 || (options.strict && odd.length > 0) ? EXIT_FINDINGS : 0;
}
