/**
 * Builds the Worker, the command and the SDK into `dist/`.
 *
 * `node scripts/build.ts` always builds; with `--if-stale` or `--prepare` only when a source is newer than the last build,
 * so that a second `npm start` or `npx zehrava-gate` costs nothing. With `--prepare` an error in the policies or the
 * registry is printed, and only the Worker is left out: npm runs that before `npx zehrava-gate`, hides its output, and
 * after a failure never links the command, so that `policy lint` could not report that very error. `--client` builds the
 * package `zehrava-gate-client` and nothing else.
 */
import { execFile } from "node:child_process";
import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { BuildOptions, Plugin } from "esbuild";

const ROOT = join(dirname(fileURLToPath(import.meta.url)), "..");
const DIST = join(ROOT, "dist");
/** Written last: its mtime is the build's time, and without it there is no complete build. */
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
  // A directory's mtime changes when a file in it is removed or renamed.
  return readdirSync(path)
    .filter((name) => name !== "dist")
    .reduce((newest, name) => Math.max(newest, newestUnder(join(path, name))), stat.mtimeMs);
}

function isStale(): boolean {
  if (!existsSync(STAMP)) return true;
  const built = statSync(STAMP).mtimeMs;
  return SOURCES.some((source) => newestUnder(join(ROOT, source)) > built);
}

/** Replaces a file atomically: a server that starts meanwhile reads the old or the new one, never a part. */
function replaceFile(path: string, contents: Uint8Array | string): void {
  mkdirSync(dirname(path), { recursive: true });
  const temporary = `${path}.${process.pid}.tmp`;
  writeFileSync(temporary, contents);
  renameSync(temporary, path);
}

async function bundle(options: BuildOptions): Promise<void> {
  // Imported here, so that a run with nothing to build does not load it.
  const { build } = await import("esbuild");
  const result = await build({
    absWorkingDir: ROOT,
    bundle: true,
    format: "esm",
    target: "es2024",
    sourcemap: "linked",
    logLevel: "warning",
    legalComments: "none",
    // Names stay, for stack traces; whitespace goes, which the runtime would parse at every start.
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

/** The local server's database: Miniflare loads the plugin, and the runtime the two others. */
async function bundleDatabase(): Promise<void> {
  const outdir = "dist/database";
  const inRuntime: BuildOptions = { external: ["cloudflare:*"], sourcemap: false };
  await Promise.all([
    bundle({
      entryPoints: ["cli/serve/database-plugin.ts"],
      outfile: `${outdir}/plugin.js`,
      platform: "neutral",
      target: "node22.12",
      external: ["miniflare", "node:*"],
    }),
    bundle({
      ...inRuntime,
      entryPoints: ["durable-objects/database/database-object.ts"],
      outfile: `${outdir}/object.js`,
    }),
    bundle({
      ...inRuntime,
      entryPoints: ["durable-objects/database/client.ts"],
      outfile: `${outdir}/client.js`,
    }),
  ]);
}

/** Leaves an import to a file that is built beside this one. */
function beside(module: string, file: string): Plugin {
  return {
    name: "beside",
    setup({ onResolve }) {
      onResolve({ filter: /./ }, ({ path }) => (path === module ? { path: file, external: true } : null));
    },
  };
}

async function bundleCommand(): Promise<void> {
  await Promise.all([
    bundle({
      entryPoints: ["cli/entry.ts"],
      outfile: "dist/cli.js",
      platform: "neutral",
      // The oldest Node that can still run the check of its version.
      target: "node14.8",
      external: ["node:*"],
      plugins: [beside("./main.ts", "./command.js")],
    }),
    bundle({
      entryPoints: ["cli/main.ts"],
      outfile: "dist/command.js",
      // Not "node", which would choose the CommonJS build of libraries that also have an ESM one.
      platform: "neutral",
      target: "node22.12",
      external: ["miniflare", "node:*"],
    }),
  ]);
  chmodSync(join(DIST, "cli.js"), 0o755);
}

/** Where the client is built: beside the command, or with `--client` as the package `zehrava-gate-client`. */
interface ClientBuild {
  readonly outdir: string;
  readonly hasSourceMaps: boolean;
}

const BESIDE_COMMAND: ClientBuild = { outdir: "dist/sdk", hasSourceMaps: true };
const OWN_PACKAGE: ClientBuild = { outdir: "sdk/typescript/dist", hasSourceMaps: false };

/** The entries of the client, which share what they have in common: an error is of one class, whoever throws it. */
const CLIENT_ENTRIES = {
  gate: "sdk/typescript/gate.ts",
  propose: "sdk/typescript/propose.ts",
  verify: "sdk/typescript/verify.ts",
};

async function bundleSdk({ outdir, hasSourceMaps }: ClientBuild): Promise<void> {
  const folder = join(ROOT, outdir);
  if (existsSync(folder)) removeShared(folder);
  await bundle({
    entryPoints: CLIENT_ENTRIES,
    outdir,
    platform: "neutral",
    target: "es2022",
    external: ["node:*"],
    splitting: true,
    chunkNames: "shared-[hash]",
    sourcemap: hasSourceMaps ? "linked" : false,
    // People read it, and bundlers need the comments inside its imports.
    minifyWhitespace: false,
    minifySyntax: false,
  });
  // The verifier brings a library, whose license asks for its notice in every copy.
  const license = readFileSync(join(ROOT, "node_modules", "@noble", "hashes", "LICENSE"), "utf8");
  appendFileSync(join(folder, "verify.js"), `\n/*\n@noble/hashes: ${license.trim()}\n*/\n`);
}

/** Their names change with their content. */
function removeShared(folder: string): void {
  for (const name of readdirSync(folder)) if (name.startsWith("shared-")) rmSync(join(folder, name));
}

async function declareSdkTypes({ outdir }: ClientBuild): Promise<void> {
  const tsc = join(ROOT, "node_modules", "typescript", "bin", "tsc");
  const project = join("sdk", "typescript", "tsconfig.build.json");
  await run(process.execPath, [tsc, "-p", project, "--outDir", outdir], { cwd: ROOT });
  // The verifier's own declarations would bring the server's with them.
  const types = "./verify-bundle-types.js";
  replaceFile(
    join(ROOT, outdir, "verify-bundle.d.ts"),
    `import type { VerifyBundle } from "${types}";\nexport declare const verifyBundle: VerifyBundle;\n`,
  );
  const entry = readFileSync(join(ROOT, CLIENT_ENTRIES.verify), "utf8");
  replaceFile(join(ROOT, outdir, "verify.d.ts"), entry.replaceAll('.ts"', '.js"'));
}

/** Validates policies and registry before bundling: an error in them stops the build. */
async function bundlePolicies(): Promise<void> {
  const script = join(ROOT, "scripts", "generate.ts");
  if (existsSync(script)) await run(process.execPath, [script], { cwd: ROOT });
}

/** @returns false: an error in the rules was printed, and the Worker left as it was */
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

/** The output of a failed child process, else the error's message; esbuild prints its own errors. */
function outputOf(error: unknown): string {
  const {
    stdout = "",
    stderr = "",
    message = "",
  } = error as { stdout?: string; stderr?: string; message?: string };
  return `${stdout}${stderr}`.trim() || message;
}

async function main(): Promise<void> {
  if (process.argv.includes("--client")) {
    await Promise.all([bundleSdk(OWN_PACKAGE), declareSdkTypes(OWN_PACKAGE)]);
    return;
  }
  const isPrepared = process.argv.includes("--prepare");
  if ((isPrepared || process.argv.includes("--if-stale")) && !isStale()) return;
  // Before reading: a source saved during the build is then newer than the stamp, and built next time.
  const startedAt = new Date();
  const [isWhole] = await Promise.all([
    bundleWorkerWithRules(isPrepared),
    bundleCommand(),
    bundleDatabase(),
    bundleSdk(BESIDE_COMMAND),
    declareSdkTypes(BESIDE_COMMAND),
  ]);
  // Without a new stamp the next start builds again, and stops at the error.
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
