import type { Ports } from "../ports/ports.ts";

/** The same ports for one request, which reads nothing twice within a quarter of a second. */
export function forRequest(ports: Ports): Ports {
  return { ...ports, ...ports.requestReads(ports) };
}
