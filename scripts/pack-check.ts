/**
 * `node scripts/pack-check.ts` packs both packages, installs them into empty folders as users do, and runs them on Node
 * 20, 22 and 24, and the client on Deno, Bun and workerd too: what an older Node can't run says so in one line, and the
 * rest works. It needs a package registry.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { checkTypes } from "./pack/client.ts";
import { checkContents } from "./pack/contents.ts";
import { npm, pack, type Packed } from "./pack/npm.ts";
import { runClient, runInWorkerd, RUNTIMES, writePrograms } from "./pack/runtimes.ts";
import { checkRefusals, checkServer, type Running } from "./pack/server.ts";

/** Each with the oldest version that the package's `engines` allow, where there is one. */
const NODES = [
  { version: "20", runsServer: false },
  { version: "22.12", runsServer: true },
  { version: "24", runsServer: true },
] as const;

const home = mkdtempSync(join(tmpdir(), "gate-pack-"));

function installed(folder: string, ...packages: readonly string[]): string {
  const path = join(home, folder);
  mkdirSync(path);
  writeFileSync(join(path, "package.json"), '{ "private": true }\n');
  npm(path, "install", "--no-audit", "--no-fund", "--loglevel=error", ...packages);
  return path;
}

function say(line: string): void {
  process.stdout.write(`pack-check: ${line}\n`);
}

async function main(): Promise<void> {
  const server: Packed = pack(".", home);
  const client: Packed = pack(join("sdk", "typescript"), home);
  say(checkContents(server, client));
  const serverFolder = installed("server", server.file);
  const clientFolder = installed("client", client.file);
  writePrograms(clientFolder);
  checkTypes(clientFolder);
  for (const { version, runsServer } of NODES) {
    const node = join(installed(`node-${version}`, `node@${version}`), "node_modules", ".bin", "node");
    say(await checkRefusals(node, serverFolder, runsServer));
    if (!runsServer) continue;
    await using running = await checkServer(node, serverFolder, join(home, `data-${version}`));
    say(`the server runs on Node ${version}`);
    for (const other of NODES.filter((each) => each.version <= version)) {
      const clientNode = join(home, `node-${other.version}`, "node_modules", ".bin", "node");
      say(runClient(clientNode, [], clientFolder, running));
    }
    if (version === NODES.at(-1)?.version) await onOtherRuntimes(clientFolder, running);
    say(await running.end());
  }
}

async function onOtherRuntimes(folder: string, running: Running): Promise<void> {
  for (const { name, version, args } of RUNTIMES) {
    const command = join(installed(name, `${name}@${version}`), "node_modules", ".bin", name);
    say(runClient(command, args, folder, running));
  }
  say(await runInWorkerd(folder, running));
}

try {
  await main();
} catch (error) {
  say(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
} finally {
  rmSync(home, { recursive: true, force: true });
}
