import { parseArgs } from "node:util";
import { CONNECTION_FLAGS, type ConnectionFlags } from "../server-and-key.ts";
import { UsageError } from "../usage.ts";

export const EXIT_FINDINGS = 1;

export const WHO = "a reviewer's, an auditor's or an admin's key";

export interface Options {
  readonly policyDir: string;
  /** Null: no registry. */
  readonly registry: string | null;
  /** True: the registry was named, so it must exist. */
  readonly registryNamed: boolean;
  readonly json: boolean;
  readonly strict: boolean;
  readonly connectionFlags: ConnectionFlags;
  readonly from: string | null;
  readonly limit: number;
  readonly positionals: readonly string[];
}

const DEFAULT_LIMIT = 1_000;
const MAX_LIMIT = 100_000;

/** @throws {UsageError} */
export function readOptions(args: readonly string[]): Options {
  const { values, positionals } = parsed(args);
  const limit = values.limit === undefined ? DEFAULT_LIMIT : Number(values.limit);
  if (!Number.isInteger(limit) || limit < 1 || limit > MAX_LIMIT) {
    throw new UsageError(`--limit must be a whole number from 1 to ${MAX_LIMIT}.`);
  }
  const registry = values.registry ?? "gate.yaml";
  return {
    policyDir: values["policy-dir"] ?? "policies",
    registry: registry === "none" ? null : registry,
    registryNamed: values.registry !== undefined,
    json: values.json ?? false,
    strict: values.strict ?? false,
    connectionFlags: values,
    from: values.from ?? null,
    limit,
    positionals,
  };
}

function parsed(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      strict: true,
      options: {
        "policy-dir": { type: "string" },
        registry: { type: "string" },
        json: { type: "boolean" },
        strict: { type: "boolean" },
        ...CONNECTION_FLAGS,
        from: { type: "string" },
        limit: { type: "string" },
      },
    });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : "The options can't be read.");
  }
}
