import { accessSync, constants, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { timeLimitsOf } from "../../src/core/base/time-limits.ts";
import { CommandFailure, errorCode, errorText } from "../io.ts";
import { ownCommand } from "../own-command.ts";
import { makePrivateFolder } from "./private-file.ts";
import { portInUse } from "./runtime.ts";

/** @throws {CommandFailure} with the flag that names another path */
export function requireReadable(path: string, flag: string): void {
  try {
    accessSync(path, constants.R_OK);
  } catch (error) {
    throw new CommandFailure(
      `can't read ${path} (${errorCode(error) ?? "?"}); see ${flag}, or run ${ownCommand()} init`,
    );
  }
}

/** @throws {CommandFailure} when the folder is not writable */
export function prepareFolder(dataDir: string): void {
  const probe = join(dataDir, `.probe-${process.pid}`);
  try {
    makePrivateFolder(dataDir);
    // Access bits mislead (for root, on read-only mounts): only a write shows it.
    writeFileSync(probe, "");
    rmSync(probe);
  } catch (error) {
    throw new CommandFailure(`can't write to the data folder ${dataDir} (${errorCode(error) ?? "?"})`);
  }
}

/** @throws {CommandFailure} with the reason, which the runtime's own message lacks */
export async function requireFreePort(host: string, port: number): Promise<void> {
  const probe = createServer();
  try {
    await new Promise<void>((resolve, reject) => {
      probe.once("error", reject);
      probe.listen({ host, port, exclusive: true }, resolve);
    });
    await new Promise((resolve) => probe.close(resolve));
  } catch (error) {
    const code = errorCode(error);
    if (code === "EADDRINUSE") throw portInUse(host, port);
    throw new CommandFailure(`can't listen on ${host}:${port} (${code ?? "?"})`);
  }
}

/** @throws {CommandFailure} naming the variable: the Worker would fail each request instead */
export function requireTimeLimits(vars: Readonly<Record<string, string>>): void {
  try {
    timeLimitsOf(vars);
  } catch (error) {
    throw new CommandFailure(errorText(error));
  }
}
