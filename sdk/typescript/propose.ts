import { type Connection, connectWith, type GateOptions } from "./connection.ts";

/*
 * The entry `zehrava-gate-client/propose`: proposals alone, where size matters.
 */

export type { ProposeResult } from "./answers.ts";
export type { CallOptions } from "./call-options.ts";
export type { Connection, GateOptions } from "./connection.ts";
export { GateError, GateOptionError, GateUnavailableError } from "./gate-error.ts";
export type { ProposeOptions } from "./options.ts";
export { check, propose } from "./proposals.ts";

/**
 * Without what only programs on a machine need: no payload is read from a file, and no local server's key is found.
 *
 * @throws {GateOptionError}
 */
export function connect(options: GateOptions = {}): Connection {
  return connectWith(options);
}
