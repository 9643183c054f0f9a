import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { inRoot } from "./npm.ts";

/** A strict TypeScript program with no types but the package's own. */
const TYPED = `
import { Gate, type GateError, type ProposeResult } from "zehrava-gate-client";
import { propose, type Connection } from "zehrava-gate-client/propose";
import { verifyBundle, type VerifiedOrder, verifyOrder } from "zehrava-gate-client/verify";
const gate = new Gate({ endpoint: "http://localhost:4000", apiKey: "gate_sk_a" });
export const proposed: Promise<ProposeResult> = gate.propose({ destination: "a.b", policy: "p", recordCount: 1 });
export const alone = (at: Connection) => propose(at, { destination: "a.b", policy: "p" });
export const order: Promise<VerifiedOrder> = verifyOrder("", { issuer: "i", destination: "a.b" });
export const verdict: Promise<"proven" | "incomplete" | "broken"> = verifyBundle({}, null).then(({ verdict }) => verdict);
export const guarded: (rows: string[], at: number) => Promise<{ rows: number }> = gate.guard(
  async (rows: string[], at: number) => ({ rows: rows.length + at }),
  { destination: "a.b", policy: "p", key: (rows) => rows.join() },
);
export const code = (error: GateError): string => error.code;
// @ts-expect-error: a function of other arguments
gate.guard((rows: string[]) => rows, { destination: "a.b", policy: "p", key: (count: number) => String(count) });
// @ts-expect-error: an option that does not exist
export const wrong = new Gate({ endpoint: "http://localhost:4000", apikey: "x" });
`;

/** The package's types suffice by themselves. */
export function checkTypes(folder: string): void {
  const file = join(folder, "check.ts");
  writeFileSync(file, TYPED);
  const tsc = inRoot("node_modules", "typescript", "bin", "tsc");
  const options = ["--noEmit", "--strict", "--module", "nodenext", "--lib", "es2022,dom", "--types", ""];
  const { status, stdout } = spawnSync(process.execPath, [tsc, ...options, file], {
    cwd: folder,
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(`the client's types fail:\n${stdout}`);
}
