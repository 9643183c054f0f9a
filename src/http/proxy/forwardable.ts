import { refuse } from "../problem/problem.ts";

/** Extension methods included (WebDAV and others): `fetch` forbids only the three below (Fetch, 2.2.1). */
const METHOD = /^[A-Z][A-Z-]{0,19}$/;
const FORBIDDEN_METHODS: ReadonlySet<string> = new Set(["CONNECT", "TRACE", "TRACK"]);

/** Refuses upgrades (501) and methods that `fetch` can't send (400), whatever the destination. */
export function requireSendable({ method, headers }: Request): void {
  if (headers.has("Upgrade") || headers.has("Sec-WebSocket-Key")) {
    refuse({
      status: 501,
      code: "upgrade_refused",
      detail: "WebSockets and other upgrades are refused: policies cannot evaluate their messages.",
    });
  }
  if (!METHOD.test(method) || FORBIDDEN_METHODS.has(method)) {
    refuse({ status: 400, code: "method_refused", detail: "Gate does not forward this method." });
  }
}
