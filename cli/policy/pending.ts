import type { JsonObject } from "../../src/core/base/json.ts";
import { callApi } from "../api.ts";
import type { CommandIo } from "../io.ts";
import { previewOf, previewText } from "../rules-preview.ts";
import { connectionOf } from "../server-and-key.ts";
import { UsageError } from "../usage.ts";
import { EXIT_FINDINGS, readOptions } from "./options.ts";
import { lineFor, readRuleFiles } from "./rule-files.ts";

/** Cases that are listed one by one. */
const MAX_LISTED = 50;

/** `policy pending`: what the policies and the registry here would make of the cases that wait at a server. */
export async function runPending(args: readonly string[], io: CommandIo): Promise<number> {
  const options = readOptions(args);
  if (options.positionals.length > 0) throw new UsageError("policy pending takes no files: use --policy-dir");
  const { policies, registryText, problems } = readRuleFiles(options);
  for (const problem of problems) io.err(lineFor(problem));
  if (problems.length > 0) return EXIT_FINDINGS;
  const connection = connectionOf(options.connectionFlags, "an admin's key");
  const rules: JsonObject = {
    policies: policies.map(({ policy, text }) => ({ id: policy.id, text })),
    registry: registryText,
  };
  const preview = await previewOf((after) =>
    callApi(connection, "/v1/recheck?dry_run=true", { body: after === null ? rules : { ...rules, after } }),
  );
  const { cases } = preview;
  if (options.json) {
    io.out(JSON.stringify(preview, null, 2));
  } else if (cases.length === 0) {
    io.out(`None of ${preview.checked} cases that wait would be evaluated again.`);
  } else {
    io.out(previewText(preview));
    for (const { id, state, becomes, reasonCode } of cases.slice(0, MAX_LISTED)) {
      io.out(`  ${id}  ${state}: ${becomes} (${reasonCode})`);
    }
    if (cases.length > MAX_LISTED) io.out(`  and ${cases.length - MAX_LISTED} more; --json lists all`);
  }
  return cases.length === 0 ? 0 : EXIT_FINDINGS;
}
