import { execFileSync, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { ROOT } from "../command.ts";

const REQUIREMENTS = fileURLToPath(new URL("./requirements.txt", import.meta.url));

/** Does this machine have Python? In CI it must. */
export function hasPython(): boolean {
  return process.env["CI"] === "true" || spawnSync("python3", ["--version"]).status === 0;
}

/** The path of the `schemathesis` command, in an environment of its own that is made once for each list of versions. */
export function schemathesisCommand(): string {
  const key = createHash("sha256").update(readFileSync(REQUIREMENTS)).digest("hex").slice(0, 16);
  const folder = join(ROOT, "node_modules", ".cache", `schemathesis-${key}`);
  const command = join(folder, "bin", "python");
  if (!existsSync(command)) make(folder);
  return command;
}

function make(folder: string): void {
  // An installation that is cut off half-way leaves nothing under the final name.
  const unfinished = `${folder}.${process.pid}`;
  mkdirSync(dirname(folder), { recursive: true });
  rmSync(unfinished, { recursive: true, force: true });
  execFileSync("python3", ["-m", "venv", unfinished], { stdio: "inherit" });
  const pip = [
    "-m",
    "pip",
    "install",
    "--quiet",
    "--disable-pip-version-check",
    "--no-deps",
    "-r",
    REQUIREMENTS,
  ];
  execFileSync(join(unfinished, "bin", "python"), pip, { stdio: "inherit" });
  renameSync(unfinished, folder);
}
