import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { CommandFailure } from "../io.ts";
import { readJsonFile, writePrivateFile } from "./private-file.ts";

export interface Secrets {
  /** Base64 of 32 bytes. */
  readonly gateSecret: string;
  readonly previousSecrets: string | null;
  /** The key that registers all other principals. Random for this process when the environment has none. */
  readonly adminKey: string;
}

const SECRET_BYTES = 32;

/**
 * The secret from the environment, else the one that the first start made. It is stored with the data folder, because
 * the keys that seal the folder's data derive from it.
 *
 * @throws {CommandFailure}
 */
export function loadSecrets(
  dataDir: string,
  environment: Readonly<Record<string, string | undefined>>,
): Secrets {
  const path = join(dataDir, "secrets.json");
  const fromEnvironment = environment["GATE_SECRET"];
  const gateSecret =
    fromEnvironment === undefined || fromEnvironment === ""
      ? storedSecret(path)
      : checked(fromEnvironment, "GATE_SECRET");
  const adminKey = environment["GATE_ADMIN_KEY"];
  return {
    gateSecret,
    previousSecrets: environment["GATE_SECRET_PREVIOUS"] ?? null,
    adminKey:
      adminKey === undefined || adminKey === ""
        ? `gate_ak_${randomBytes(SECRET_BYTES).toString("base64url")}`
        : adminKey,
  };
}

function storedSecret(path: string): string {
  const stored = readJsonFile(path);
  if (stored !== null) return checked(stored["GATE_SECRET"], path);
  const secret = randomBytes(SECRET_BYTES).toString("base64");
  writePrivateFile(path, `${JSON.stringify({ GATE_SECRET: secret }, null, 2)}\n`);
  return secret;
}

function checked(secret: unknown, where: string): string {
  if (typeof secret === "string" && Buffer.from(secret, "base64").byteLength === SECRET_BYTES) return secret;
  throw new CommandFailure(`the secret in ${where} must be ${SECRET_BYTES} bytes in base64`);
}
