/**
 * `npm run test:python`: the Python SDK's checks and tests, in an environment of its own (`sdk/python/.venv`), made again
 * when `requirements-dev.txt` changes. Arguments go to pytest, which then runs alone. Every step runs; one that fails
 * fails the whole.
 */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = join(dirname(fileURLToPath(import.meta.url)), "..");
const PACKAGE = join(ROOT, "sdk", "python");
const ENVIRONMENT = join(PACKAGE, ".venv");
const BIN = join(ENVIRONMENT, process.platform === "win32" ? "Scripts" : "bin");
const REQUIREMENTS = join(PACKAGE, "requirements-dev.txt");
const STAMP = join(ENVIRONMENT, ".requirements");

/** The oldest and the newest Python that the types are checked for. */
const TARGETS = ["3.9", "3.13"] as const;

/** What the pinned tools need; the SDK itself runs on 3.9. */
const OLDEST_TOOLS = [3, 10] as const;

const CANDIDATES = ["python3", "python3.13", "python3.12", "python3.11", "python3.10", "python"] as const;

interface Step {
  readonly name: string;
  readonly command: readonly [string, ...string[]];
}

function isNewEnough(python: string): boolean {
  const [major, minor] = OLDEST_TOOLS;
  const check = `import sys; sys.exit(sys.version_info < (${major}, ${minor}))`;
  return spawnSync(python, ["-c", check], { stdio: "ignore" }).status === 0;
}

function run([command, ...args]: Step["command"]): boolean {
  const path = `${BIN}:${join(ROOT, "node_modules", ".bin")}:${process.env["PATH"] ?? ""}`;
  const env = { ...process.env, PATH: path, PYTHONDONTWRITEBYTECODE: "1" };
  return spawnSync(command, args, { cwd: PACKAGE, stdio: "inherit", env }).status === 0;
}

function fail(message: string): never {
  console.error(`test:python: ${message}`);
  process.exit(1);
}

/** Makes the environment, unless it is the one of these requirements. */
function prepare(): void {
  const wanted = createHash("sha256").update(readFileSync(REQUIREMENTS)).digest("hex");
  if (existsSync(STAMP) && readFileSync(STAMP, "utf8") === wanted) return;
  const python = CANDIDATES.find(isNewEnough);
  if (python === undefined) fail(`install Python ${OLDEST_TOOLS.join(".")} or later`);
  rmSync(ENVIRONMENT, { recursive: true, force: true });
  const pip = join(BIN, "pip");
  const isMade =
    run([python, "-m", "venv", ENVIRONMENT]) &&
    run([pip, "install", "--quiet", "--disable-pip-version-check", "-r", REQUIREMENTS]);
  if (!isMade) fail("the environment can't be made: see above");
  writeFileSync(STAMP, wanted);
}

const pytest = join(BIN, "pytest");
const CHECKS: readonly Step[] = [
  { name: "format", command: [join(BIN, "ruff"), "format", "--quiet", "--check", "."] },
  { name: "lint", command: [join(BIN, "ruff"), "check", "--quiet", "."] },
  {
    name: "oldest Python",
    command: [
      join(BIN, "vermin"),
      "--quiet",
      "--no-tips",
      "--eval-annotations",
      "-t=3.9-",
      "--violations",
      "src",
    ],
  },
  ...TARGETS.map((target): Step => {
    // The tests' own tools are newer than the oldest target.
    const paths = target === "3.9" ? ["src"] : [];
    const caches = ["--cache-dir", `.mypy_cache/${target}`];
    return {
      name: `mypy ${target}`,
      command: [join(BIN, "mypy"), "--no-error-summary", ...caches, "--python-version", target, ...paths],
    };
  }),
  { name: "pyright", command: [join(BIN, "pyright"), "--pythonpath", join(BIN, "python")] },
  { name: "tests", command: [pytest] },
];

prepare();
const isBuilt = run([process.execPath, join(ROOT, "scripts", "build.ts"), "--if-stale"]);
if (!isBuilt) fail("the server can't be built");
const given = process.argv.slice(2);
const steps: readonly Step[] = given.length > 0 ? [{ name: "tests", command: [pytest, ...given] }] : CHECKS;
const failed = steps.filter(({ name, command }) => {
  const startedAt = performance.now();
  const isPassed = run(command);
  const seconds = ((performance.now() - startedAt) / 1_000).toFixed(1);
  console.log(`test:python: ${name} ${isPassed ? "passed" : "failed"}, ${seconds} s`);
  return !isPassed;
});
process.exit(failed.length === 0 ? 0 : 1);
