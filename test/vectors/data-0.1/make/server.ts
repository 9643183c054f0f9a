import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { gzipSync } from "node:zlib";

/** The version whose data this is. */
export const COMMIT = "3e74f51";

/** Stand-ins for what `gate.yaml` names; they have to look like secrets. */
export const CREDENTIALS = {
  CRM_API_KEY: "crm_7Jq2wVx9LmN4pRs8",
  ROOM_SECRET: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
} as const;

export interface Server {
  readonly origin: string;
  /** The key that the first start printed. */
  readonly adminKey: string;
  stop(): Promise<void>;
}

/** @throws {Error} unless the checkout is of the version, with nothing changed */
export function requireVersion(checkout: string): void {
  const git = (...args: string[]) =>
    execFileSync("git", ["-C", checkout, ...args], { encoding: "utf8" }).trim();
  const head = git("rev-parse", "HEAD");
  if (!head.startsWith(COMMIT)) throw new Error(`${checkout} is at ${head}, and not at ${COMMIT}`);
  if (git("status", "--porcelain", "--untracked-files=no") !== "") throw new Error(`${checkout} was changed`);
}

/** Starts the checkout's built command on a new data folder. */
export async function startServer(checkout: string, port: number, vector: string): Promise<Server> {
  const config = mkdtempSync(join(tmpdir(), "zehrava-gate-config-"));
  const args = ["--port", String(port), "--data-dir", join(vector, "data")];
  args.push("--policy-dir", join(vector, "policies"), "--registry", join(vector, "gate.yaml"));
  const own = Object.entries(process.env).filter(([name]) => !name.startsWith("GATE_"));
  const child = spawn(process.execPath, [join(checkout, "dist", "cli.js"), ...args], {
    cwd: checkout,
    env: { ...Object.fromEntries(own), ...CREDENTIALS, XDG_CONFIG_HOME: config },
    stdio: ["ignore", "pipe", "inherit"],
  });
  let out = "";
  await new Promise<void>((resolve, reject) => {
    child.once("exit", () => reject(new Error(`the server ended:\n${out}`)));
    child.stdout.on("data", (chunk: Buffer) => {
      out += chunk.toString();
      if (out.includes("Ready.")) resolve();
    });
  });
  const adminKey = /^ {2}admin +(\S+)$/m.exec(out)?.[1];
  if (adminKey === undefined) throw new Error(`no admin key in:\n${out}`);
  return {
    origin: `http://127.0.0.1:${port}`,
    adminKey,
    async stop() {
      child.removeAllListeners("exit");
      const ended = new Promise((resolve) => child.once("exit", resolve));
      child.kill("SIGTERM");
      await ended;
      rmSync(config, { recursive: true });
    },
  };
}

/** Leaves what a stopped server keeps: each database in one file, and that compressed. */
export function compact(data: string): void {
  rmSync(join(data, "tmp"), { recursive: true, force: true });
  const names = readdirSync(data, { recursive: true, encoding: "utf8" });
  for (const file of names.filter((name) => name.endsWith(".sqlite")).map((name) => join(data, name))) {
    const database = new DatabaseSync(file);
    database.exec("PRAGMA wal_checkpoint(TRUNCATE); VACUUM; PRAGMA wal_checkpoint(TRUNCATE)");
    database.close();
    writeFileSync(`${file}.gz`, gzipSync(readFileSync(file), { level: 9 }));
    for (const suffix of ["", "-wal", "-shm"]) rmSync(`${file}${suffix}`, { force: true });
  }
}
