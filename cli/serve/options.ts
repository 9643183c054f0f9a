import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { ownCommand } from "../own-command.ts";
import { packageRoot } from "../package-root.ts";
import { parseFlags, UsageError } from "../usage.ts";

const LOG_FORMS = ["off", "json", "pretty"] as const;

export type LogForm = (typeof LOG_FORMS)[number];

/** @throws {UsageError} */
export function logFormOf(written: string, where: string): LogForm {
  const form = LOG_FORMS.find((known) => known === written);
  if (form !== undefined) return form;
  throw new UsageError(`${where} takes ${LOG_FORMS.join(", ")}, not "${written}"`);
}

export interface ServeOptions {
  readonly port: number;
  readonly host: string;
  readonly dataDir: string;
  readonly policyDir: string;
  /** Null: no registry, so the agent chooses the policy for every destination. */
  readonly registry: string | null;
  /** The address that people use; null: the listening address. */
  readonly publicUrl: string | null;
  readonly localSignIn: boolean;
  /** Prints one JSON object when it listens, and no text. */
  readonly json: boolean;
  /** Log lines for requests and decisions; null: as GATE_LOG says. */
  readonly log: LogForm | null;
  /** The data folder was restored from a backup. */
  readonly restored: boolean;
  /** With `restored`: also where nothing says that the folder is a backup. */
  readonly force: boolean;
  /** A file with the newest checkpoint of the log; null: not given. */
  readonly checkpointFile: string | null;
  /** Lines for the operator about defaults that were chosen. */
  readonly notes: readonly string[];
}

const FLAGS = {
  port: { type: "string", default: "4000" },
  host: { type: "string", default: "127.0.0.1" },
  "data-dir": { type: "string", default: ".gate" },
  "policy-dir": { type: "string" },
  registry: { type: "string" },
  "public-url": { type: "string" },
  "local-sign-in": { type: "boolean", default: false },
  json: { type: "boolean", default: false },
  log: { type: "string" },
  restored: { type: "boolean", default: false },
  force: { type: "boolean", default: false },
  checkpoint: { type: "string" },
} as const;

const LOOPBACK_HOSTS: ReadonlySet<string> = new Set(["127.0.0.1", "localhost", "::1"]);

/** True: only this machine can reach the host. */
export function isLoopback(host: string): boolean {
  return LOOPBACK_HOSTS.has(host);
}

const MAX_PORT = 65_535;

/** @throws {UsageError} */
export function parseServeOptions(args: readonly string[], workingDir: string): ServeOptions {
  const { values } = parseFlags(args, FLAGS);
  if (!/^\d{1,5}$/.test(values.port) || Number(values.port) > MAX_PORT || Number(values.port) === 0) {
    throw new UsageError(`--port takes a number from 1 to ${MAX_PORT}, not "${values.port}"`);
  }
  for (const [name, value] of Object.entries(values)) {
    if (value === "") throw new UsageError(`--${name} is empty`);
  }
  if (values["local-sign-in"] && !isLoopback(values.host)) {
    throw new UsageError(`--local-sign-in is for this machine alone, and --host ${values.host} is not`);
  }
  if (values.checkpoint !== undefined && !values.restored) {
    throw new UsageError("--checkpoint belongs to --restored");
  }
  if (values.force && !values.restored) throw new UsageError("--force belongs to --restored");
  return {
    publicUrl: values["public-url"] === undefined ? null : publicUrlOf(values["public-url"], "--public-url"),
    localSignIn: values["local-sign-in"],
    json: values.json,
    log: values.log === undefined ? null : logFormOf(values.log, "--log"),
    restored: values.restored,
    force: values.force,
    checkpointFile: values.checkpoint === undefined ? null : resolve(workingDir, values.checkpoint),
    port: Number(values.port),
    host: values.host,
    dataDir: resolve(workingDir, values["data-dir"]),
    ...chooseRules(values["policy-dir"], values.registry, workingDir),
  };
}

/**
 * The origin of a public URL. A path is refused: links, forms and cookies need the whole host.
 *
 * @throws {UsageError}
 */
export function publicUrlOf(written: string, where: string): string {
  const url = URL.canParse(written) ? new URL(written) : null;
  const isWeb = url !== null && (url.protocol === "https:" || url.protocol === "http:");
  if (isWeb && url.href === `${url.origin}/`) return url.origin;
  throw new UsageError(`${where} takes an address such as https://gate.example.com, not "${written}"`);
}

/**
 * Named rules must exist. Without named ones and without the default ones in this folder, the shipped rules apply, so
 * that a first server has policies.
 */
function chooseRules(
  policyDir: string | undefined,
  registry: string | undefined,
  workingDir: string,
): Pick<ServeOptions, "policyDir" | "registry" | "notes"> {
  const ownPolicies = resolve(workingDir, policyDir ?? "policies");
  const ownRegistry = resolve(workingDir, registry ?? "gate.yaml");
  const hasRegistry = registry !== undefined || existsSync(ownRegistry);
  if (policyDir !== undefined || existsSync(ownPolicies)) {
    const notes = hasRegistry
      ? []
      : ["no gate.yaml here: the agent chooses the policy for every destination"];
    return { policyDir: ownPolicies, registry: hasRegistry ? ownRegistry : null, notes };
  }
  return {
    policyDir: join(packageRoot(), "policies"),
    registry: hasRegistry ? ownRegistry : join(packageRoot(), "gate.yaml"),
    notes: [
      `no policies/ here: using the ones that ship with Gate (${ownCommand(workingDir)} init writes your own)`,
    ],
  };
}
