import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { build } from "esbuild";
import { convertV4MiniflareOptions, Miniflare } from "miniflare";
import { CLIENT_PROGRAM, PROCESS_PROGRAM, WORKER_PROGRAM } from "./client-program.ts";
import type { Running } from "./server.ts";

/** Other runtimes of npm than Node, with what runs a program on them. */
export const RUNTIMES = [
  { name: "deno", version: "2.9.6", args: ["run", "--allow-all", "--node-modules-dir=manual"] },
  { name: "bun", version: "1.4.5", args: ["run"] },
] as const;

/** Writes the programs beside the installed client. */
export function writePrograms(folder: string): void {
  writeFileSync(join(folder, "smoke.mjs"), CLIENT_PROGRAM);
  writeFileSync(join(folder, "check.mjs"), PROCESS_PROGRAM);
  writeFileSync(join(folder, "worker.mjs"), WORKER_PROGRAM);
}

/** Runs the client against the server on a runtime with processes. @throws {Error} with its output */
export function runClient(
  command: string,
  args: readonly string[],
  folder: string,
  { endpoint, agentKey, reviewerKey }: Running,
): string {
  const environment = { GATE_ENDPOINT: endpoint, GATE_API_KEY: agentKey, GATE_REVIEWER_KEY: reviewerKey };
  const { status, stdout, stderr } = spawnSync(command, [...args, join(folder, "check.mjs")], {
    cwd: folder,
    env: { ...process.env, ...environment },
    encoding: "utf8",
  });
  const [first = ""] = spawnSync(command, ["--version"], { encoding: "utf8" }).stdout.trim().split("\n");
  const version = /^\d/.test(first) ? `${basename(command)} ${first}` : first;
  if (status === 0 && stdout === "succeeded\n") return `the client works on ${version}`;
  throw new Error(`the client failed on ${version}:\n${stdout}${stderr}`);
}

/** The same in workerd, bundled as a Worker's build does it. */
export async function runInWorkerd(
  folder: string,
  { endpoint, agentKey, reviewerKey }: Running,
): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [join(folder, "worker.mjs")],
    bundle: true,
    write: false,
    format: "esm",
    conditions: ["workerd", "worker"],
    external: ["node:*"],
  });
  const worker = new Miniflare(
    convertV4MiniflareOptions({
      cf: false,
      telemetry: { enabled: false },
      workers: [
        {
          name: "client",
          modules: true,
          script: outputFiles[0]?.text ?? "",
          compatibilityDate: "2026-10-23",
        },
      ],
    }),
  );
  try {
    const body = JSON.stringify({ endpoint, agentKey, reviewerKey, name: "workerd-" });
    const answer = await worker.dispatchFetch("http://worker.test", { method: "POST", body });
    const text = await answer.text();
    if (text !== "succeeded") throw new Error(`the client failed in workerd:\n${text}`);
    return "the client works in workerd";
  } finally {
    await worker.dispose();
  }
}
