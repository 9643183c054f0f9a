import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Gate } from "../../sdk/typescript/gate.ts";
import { type CommandIo, errorText, EXIT_FAILED, type ExitCode } from "../io.ts";
import { ownCommand, shellPath } from "../own-command.ts";
import { packageRoot } from "../package-root.ts";
import { registerPrincipals } from "../serve/first-start.ts";
import { type Server, startServer } from "../serve/server.ts";
import { onStopSignal } from "../stop-signal.ts";
import { parseFlags } from "../usage.ts";
import { SCENES } from "./scenes.ts";
import type { Scene } from "./stage.ts";

const LABEL_WIDTH = 20;

/** Plays the scenes over HTTP against a temporary server, whose data it removes at the end. */
export async function runDemo(args: readonly string[], io: CommandIo): Promise<ExitCode> {
  parseFlags(args, {});
  const startedAt = performance.now();
  // The server keeps a copy of its newest checkpoint beside the data folder.
  const folder = mkdtempSync(join(tmpdir(), "zehrava-gate-demo-"));
  const stop = onStopSignal();
  let server: Server | null = null;
  try {
    server = await startServer({
      host: "127.0.0.1",
      port: 0,
      dataDir: join(folder, "data"),
      policyDir: join(packageRoot(), "policies"),
      registry: join(packageRoot(), "gate.yaml"),
      // Without the caller's variables, so that the demo is the same everywhere.
      environment: {},
      say: io.err,
    });
    const surprises = await Promise.race([play(server, io), stop.requested]);
    if (surprises === null) return stopped(io);
    io.out(endText(surprises, (performance.now() - startedAt) / 1000));
    return surprises.length === 0 ? 0 : EXIT_FAILED;
  } catch (error) {
    if (stop.isRequested()) return stopped(io);
    throw error;
  } finally {
    await server?.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

function stopped(io: CommandIo): ExitCode {
  io.out("Stopped.");
  return 0;
}

async function play(server: Server, io: CommandIo): Promise<readonly string[]> {
  const keys = await registerPrincipals(server.url, server.adminKey);
  const gate = new Gate({
    endpoint: server.url,
    apiKey: keys.get("agent") ?? "",
    reviewerKey: keys.get("reviewer") ?? "",
  });
  io.out(`A temporary Gate listens on ${server.url.origin}, with the policies in policies/.`);
  const surprises: string[] = [];
  for (const [index, scene] of SCENES.entries()) {
    io.out(`\n${index + 1}. ${scene.title} (${scene.kind})\n   ${scene.story}`);
    surprises.push(...(await playScene(scene, gate, io)));
  }
  return surprises;
}

async function playScene(scene: Scene, gate: Gate, io: CommandIo): Promise<readonly string[]> {
  const surprises: string[] = [];
  const unexpected = (what: string): void => {
    surprises.push(`${scene.title}: ${what}`);
    io.out(`   ! ${what}`);
  };
  try {
    await scene.play({
      gate,
      examples: join(packageRoot(), "examples"),
      line: (label, text) => io.out(`   ${label.padEnd(LABEL_WIDTH)} ${text}`.trimEnd()),
      unexpected,
    });
  } catch (error) {
    unexpected(errorText(error));
  }
  return surprises;
}

function endText(surprises: readonly string[], seconds: number): string {
  if (surprises.length > 0) {
    return `\nNot as expected:\n${surprises.map((surprise) => `  ${surprise}`).join("\n")}`;
  }
  const command = ownCommand();
  const next = [
    [`${command} --port 4000`, "a server with stored data; prints keys and a line to paste"],
    [`${command} init my-gate`, "policies and a registry of your own"],
    [
      shellPath(join(packageRoot(), "policies", "crm-low-risk.yaml")),
      "what decided; an edit applies at once",
    ],
    [shellPath(join(packageRoot(), "examples", "propose.mjs")), "the SDK's whole flow in one file"],
  ] as const;
  const width = Math.max(...next.map(([what]) => what.length));
  return [
    `\nAll ${SCENES.length} as expected, in ${seconds.toFixed(1)} s. The temporary data was removed.`,
    "",
    "Try next:",
    ...next.map(([what, why]) => `  ${what.padEnd(width)}  ${why}`),
  ].join("\n");
}
