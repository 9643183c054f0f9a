/**
 * Builds what runs: the Worker, the command and the SDK, into `dist/`.
 *
 * `node scripts/build.ts` always builds; with `--if-stale` only when a source is newer than the last build, so
 * that `npm start` costs nothing the second time. With `--prepare` a mistake in the policies or the registry is said
 * and leaves out the Worker alone: npm runs that before `npx zehrava-gate`, shows nothing of what it says, and after a
 * failure never links the command, so that `policy lint` would be out of reach for the very mistake it is there to show.
 */
import { execFile } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { BuildOptions } from "esbuild";

const ROOT = join(dirname(fileURLToPath(import.meta.url)), "..");
const DIST = join(ROOT, "dist");
/** Written last: its time is the time of the build, and its absence means that there is none. */
const STAMP = join(DIST, ".built");

const SOURCES = [
  "src",
  "durable-objects",
  "cli",
  "sdk/typescript",
  "verifier",
  "scripts",
  "policies",
  "gate.yaml",
  "package.json",
  "tsconfig.base.json",
];

const run = promisify(execFile);

function newestUnder(path: string): number {
  if (!existsSync(path)) return 0;
  const stat = statSync(path);
  if (!stat.isDirectory()) return stat.mtimeMs;
  // A directory's own time moves when a file in it is removed or renamed.
  return readdirSync(path).reduce(
    (newest, name) => Math.max(newest, newestUnder(join(path, name))),
    stat.mtimeMs,
  );
}

function isStale(): boolean {
  if (!existsSync(STAMP)) return true;
  const built = statSync(STAMP).mtimeMs;
  return SOURCES.some((source) => newestUnder(join(ROOT, source)) > built);
}

/** Replaces a file in one step: a server that starts meanwhile reads the old one or the new one, never half. */
function replaceFile(path: string, contents: Uint8Array | string): void {
  mkdirSync(dirname(path), { recursive: true });
  const temporary = `${path}.${process.pid}.tmp`;
  writeFileSync(temporary, contents);
  renameSync(temporary, path);
}

async function bundle(options: BuildOptions): Promise<void> {
  // Here, so that finding out that nothing is stale does not load it.
  const { build } = await import("esbuild");
  const result = await build({
    absWorkingDir: ROOT,
    bundle: true,
    format: "esm",
    target: "es2024",
    sourcemap: "linked",
    logLevel: "warning",
    legalComments: "none",
    // Names stay: they are in stack traces. What goes is what the runtime would have to read at every start.
    minifyWhitespace: true,
    minifySyntax: true,
    ...options,
    write: false,
  });
  for (const file of result.outputFiles ?? []) replaceFile(file.path, file.contents);
}

function bundleWorker(): Promise<void> {
  return bundle({
    entryPoints: ["src/index.ts"],
    outfile: "dist/worker/index.js",
    conditions: ["workerd", "worker", "browser"],
    external: ["cloudflare:*", "node:*"],
  });
}

async function bundleCommand(): Promise<void> {
  await bundle({
    entryPoints: ["cli/main.ts"],
    outfile: "dist/cli.js",
    // Not "node": that would pick CommonJS builds of libraries that have ESM ones as well.
    platform: "neutral",
    // The oldest Node that can say which Node is needed.
    target: "node20",
    external: ["miniflare", "node:*"],
  });
  chmodSync(join(DIST, "cli.js"), 0o755);
}

function bundleSdk(): Promise<void> {
  return bundle({
    entryPoints: ["sdk/typescript/gate.ts"],
    outfile: "dist/sdk/gate.js",
    platform: "neutral",
    target: "es2022",
    external: ["node:*"],
    // Read by people, and by bundlers that look for the comments inside its imports.
    minifyWhitespace: false,
    minifySyntax: false,
  });
}

async function declareSdkTypes(): Promise<void> {
  const tsc = join(ROOT, "node_modules", "typescript", "bin", "tsc");
  await run(
    process.execPath,
    [tsc, "-p", join("sdk", "typescript", "tsconfig.build.json"), "--outDir", join("dist", "sdk")],
    { cwd: ROOT },
  );
}

/** Policies and the registry are validated before anything is bundled: a mistake in them stops the build. */
async function bundlePolicies(): Promise<void> {
  const script = join(ROOT, "scripts", "generate.ts");
  if (existsSync(script)) await run(process.execPath, [script], { cwd: ROOT });
}

/** @returns false where a mistake in the rules was said, and the Worker left as it was */
async function bundleWorkerWithRules(isOptional: boolean): Promise<boolean> {
  try {
    await bundlePolicies();
  } catch (error) {
    if (!isOptional) throw error;
    process.stderr.write(`${outputOf(error)}\nthe Worker was not built\n`);
    return false;
  }
  await bundleWorker();
  return true;
}

/** esbuild has already printed its own errors; what a child said is the message for the others. */
function outputOf(error: unknown): string {
  const {
    stdout = "",
    stderr = "",
    message = "",
  } = error as { stdout?: string; stderr?: string; message?: string };
  return `${stdout}${stderr}`.trim() || message;
}

async function main(): Promise<void> {
  if (process.argv.includes("--if-stale") && !isStale()) return;
  // Taken before reading: a source saved while this runs is newer than the stamp, and built next time.
  const startedAt = new Date();
  const [isWhole] = await Promise.all([
    bundleWorkerWithRules(process.argv.includes("--prepare")),
    bundleCommand(),
    bundleSdk(),
    declareSdkTypes(),
  ]);
  // Without a new stamp the next start builds again, and stops at the mistake.
  if (!isWhole) return;
  replaceFile(STAMP, "");
  utimesSync(STAMP, startedAt, startedAt);
}

try {
  await main();
} catch (error) {
  process.stderr.write(`${outputOf(error)}\nbuild failed in ${relative(process.cwd(), ROOT) || "."}\n`);
  process.exit(1);
}
