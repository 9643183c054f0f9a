import { refuse } from "../problem/problem.ts";

/** Methods of HTTP, and of whatever speaks it: `fetch` takes any token but these three (Fetch, 2.2.1). */
const METHOD = /^[A-Z][A-Z-]{0,19}$/;
const FORBIDDEN_METHODS: ReadonlySet<string> = new Set(["CONNECT", "TRACE", "TRACK"]);

/** Refuses what could go nowhere, wherever it is meant to. */
export function requireSendable({ method, headers }: Request): void {
  if (headers.has("Upgrade") || headers.has("Sec-WebSocket-Key")) {
    refuse({
      status: 501,
      code: "upgrade_refused",
      detail: "WebSockets and other upgrades don't pass: what is said in one can't be decided on.",
    });
  }
  if (!METHOD.test(method) || FORBIDDEN_METHODS.has(method)) {
    refuse({ status: 400, code: "method_refused", detail: "This method is not sent on." });
  }
}
