import { environment } from "./environment.ts";
import { nodeParts } from "./runtime.ts";

/** Loopback names: the SDK sends a local server's key to no other host. */
const LOOPBACK_HOST = /^(?:localhost|127\.0\.0\.1|\[::1\])$/;

/**
 * The agent's key that a server on this machine stored for this user, or null. An agent's key can propose and cannot
 * approve.
 */
export async function localAgentKey(endpoint: URL): Promise<string | null> {
  if (!LOOPBACK_HOST.test(endpoint.hostname)) return null;
  const node = await nodeParts();
  if (node === null) return null;
  const configured = environment("XDG_CONFIG_HOME");
  // XDG Base Directory Specification: a relative path is invalid and ignored.
  const base =
    configured !== undefined && node.path.isAbsolute(configured)
      ? configured
      : node.path.join(node.os.homedir(), ".config");
  const port = endpoint.port || (endpoint.protocol === "http:" ? "80" : "443");
  try {
    const text = await node.fs.readFile(node.path.join(base, "zehrava-gate", "local-agents.json"), "utf8");
    const key = (JSON.parse(text) as Readonly<Record<string, unknown>>)[port];
    return typeof key === "string" ? key : null;
  } catch {
    return null;
  }
}
