import { GateError } from "./gate-error.ts";

/** @throws {GateError} `payload_too_large` */
export function requireSize(bytes: number, maxBytes: number): void {
  if (bytes <= maxBytes) return;
  throw new GateError(`the payload has ${bytes} bytes; the limit is ${maxBytes} (maxPayloadBytes)`, {
    code: "payload_too_large",
  });
}
