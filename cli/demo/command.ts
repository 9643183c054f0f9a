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

export const USAGE = `Usage: zehrava-gate demo [options]

Plays three incidents and four use cases against a temporary server, and compares each outcome with the expected one.

Options
  --json               the lines and outcomes of each scene, for programs
  --help

Exit codes: 0 all as expected, 1 something was not, 2 wrong usage.`;

/** What a scene printed, and what was not as expected. */
interface Played {
  readonly title: string;
  readonly kind: Scene["kind"];
  readonly lines: readonly { readonly label: string; readonly text: string }[];
  readonly unexpected: readonly string[];
}

/** Plays the scenes over HTTP against a temporary server, whose data it removes at the end. */
export async function runDemo(args: readonly string[], io: CommandIo): Promise<ExitCode> {
  const { values } = parseFlags(args, { json: { type: "boolean", default: false } });
  const shown = values.json ? { out: () => undefined, err: io.err } : io;
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
    const played = await Promise.race([play(server, shown), stop.requested]);
    if (played === null) return stopped(shown);
    const surprises = played.flatMap(({ title, unexpected }) =>
      unexpected.map((what) => `${title}: ${what}`),
    );
    shown.out(endText(surprises, (performance.now() - startedAt) / 1000));
    if (values.json) io.out(JSON.stringify({ scenes: played }, null, 2));
    return surprises.length === 0 ? 0 : EXIT_FAILED;
  } catch (error) {
    if (stop.isRequested()) return stopped(shown);
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

async function play(server: Server, io: CommandIo): Promise<readonly Played[]> {
  const keys = await registerPrincipals(server.url, server.adminKey);
  const gate = new Gate({
    endpoint: server.url,
    apiKey: keys.get("agent") ?? "",
    reviewerKey: keys.get("reviewer") ?? "",
  });
  io.out(`A temporary Gate listens on ${server.url.origin}, with the policies in policies/.`);
  const played: Played[] = [];
  for (const [index, scene] of SCENES.entries()) {
    io.out(`\n${index + 1}. ${scene.title} (${scene.kind})\n   ${scene.story}`);
    played.push(await playScene(scene, gate, io));
  }
  return played;
}

async function playScene(scene: Scene, gate: Gate, io: CommandIo): Promise<Played> {
  const lines: { label: string; text: string }[] = [];
  const surprises: string[] = [];
  const unexpected = (what: string): void => {
    surprises.push(what);
    io.out(`   ! ${what}`);
  };
  try {
    await scene.play({
      gate,
      examples: join(packageRoot(), "examples"),
      line: (label, text) => {
        lines.push({ label: label.trim(), text });
        io.out(`   ${label.padEnd(LABEL_WIDTH)} ${text}`.trimEnd());
      },
      unexpected,
    });
  } catch (error) {
    unexpected(errorText(error));
  }
  return { title: scene.title, kind: scene.kind, lines, unexpected: surprises };
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
