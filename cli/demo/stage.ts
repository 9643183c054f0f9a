import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Gate, ProposeOptions, ProposeResult } from "../../sdk/typescript/gate.ts";
import { GateError } from "../../sdk/typescript/gate.ts";

/** A scene's surroundings: the client with both keys, the example files, and the output. */
export interface Stage {
  readonly gate: Gate;
  readonly examples: string;
  /** Prints one line of the scene. */
  readonly line: (label: string, text: string) => void;
  /** Records a result other than the scene's expected one. */
  readonly unexpected: (what: string) => void;
}

export interface Scene {
  readonly kind: "incident" | "use case";
  readonly title: string;
  readonly story: string;
  play(stage: Stage): Promise<void>;
}

/** The accepted results; several where they depend on the server's configuration. */
export interface Expected {
  readonly status: readonly string[];
  readonly reasonCode: readonly string[];
}

/** Proposes, prints the verdict and its reason, and compares both with the expected ones. */
export async function propose(
  stage: Stage,
  { file, ...options }: Omit<ProposeOptions, "payload"> & { readonly file: string },
  expected: Expected,
): Promise<ProposeResult> {
  const result = await stage.gate.propose({
    ...options,
    payload: join(stage.examples, file),
  } as ProposeOptions);
  stage.line(`${options.destination}  ${file}`, "");
  stage.line(`  ${result.status}`, `${result.reason ?? result.blockReason ?? ""} (${result.reasonCode})`);
  expectOneOf(stage, "status", result.status, expected.status);
  expectOneOf(stage, "reason", result.reasonCode, expected.reasonCode);
  return result;
}

export async function approve(stage: Stage, { intentId }: ProposeResult, reason: string): Promise<void> {
  const { status } = await stage.gate.approve({ intentId, reason });
  stage.line("  approved", `by the reviewer: "${reason}"`);
  expect(stage, "status after approval", status, "approved");
}

/**
 * Plays the runner: takes the order, checks that the file is byte for byte the approved one, and reports. Then tries to
 * report again, which the server must refuse.
 */
export async function executeOrder(stage: Stage, { intentId }: ProposeResult, file: string): Promise<void> {
  const order = await stage.gate.execute({ intentId });
  stage.line("  order", `${order.executionId.slice(0, 14)}… until ${order.expires_at}, token for one use`);
  const bytes = readFileSync(join(stage.examples, file));
  expect(stage, "payload hash", order["payload_hash"], createHash("sha256").update(bytes).digest("hex"));
  const report = {
    executionId: order.executionId,
    executionToken: order.execution_token ?? "",
    status: "succeeded",
    result: { bytes_written: bytes.byteLength },
  } as const;
  const reported = await stage.gate.report(report);
  stage.line(
    `  ${reported.status}`,
    "reported by the worker, after comparing the bytes with the approved ones",
  );
  expect(stage, "status of the execution", reported.status, "succeeded");
  const again = await stage.gate.report(report).then(
    () => 200,
    (error: unknown) => (error instanceof GateError ? error.status : 0),
  );
  expect(stage, "a second report", again, 409);
}

/** Prints the ledger, and compares its events. */
export async function ledger(
  stage: Stage,
  { intentId }: ProposeResult,
  ...expected: readonly string[]
): Promise<void> {
  const { auditTrail } = await stage.gate.verify({ intentId });
  const events = auditTrail.map((event) => event.event_type).join(" → ");
  stage.line("  ledger", events);
  expectOneOf(stage, "ledger", events, expected);
}

function expectOneOf(stage: Stage, what: string, got: string, wanted: readonly string[]): void {
  if (!wanted.includes(got)) stage.unexpected(`${what} is ${got}, expected ${wanted.join(" or ")}`);
}

function expect(stage: Stage, what: string, got: unknown, wanted: unknown): void {
  if (got !== wanted) stage.unexpected(`${what} is ${String(got)}, expected ${String(wanted)}`);
}
