import { type Connection, connectWith, type GateOptions } from "./connection.ts";
import { readLocalFile } from "./local-file.ts";
import { localAgentKey } from "./local-key.ts";
import { requireSupportedRuntime } from "./runtime.ts";

/** @throws {GateOptionError} */
export function connect(options: GateOptions = {}): Connection {
  requireSupportedRuntime();
  return connectWith(options, { agentKey: localAgentKey, readFile: readLocalFile });
}
