import { inject } from "vitest";
import { until } from "./gate.ts";

/* Upstreams as they are out there, over real connections; what they do is done by `scripted-server.ts`. */

export interface ScriptedPorts {
  readonly upstream: number;
  readonly control: number;
  /** Ends each connection as soon as there is one. */
  readonly resetting: number;
  /** A port without a listener. */
  readonly refusing: number;
}

declare module "vitest" {
  interface ProvidedContext {
    scriptedPorts: ScriptedPorts;
  }
}

/** One after the other, once the request has come in. Bytes are base64. */
export type Step =
  /** As the first: without waiting for the request's body. */
  | { readonly do: "at_head" }
  /** `cut`: in pieces of so many bytes, each in a packet of its own. */
  | { readonly do: "send"; readonly bytes: string; readonly cut?: number }
  /** As fast as it is taken. */
  | { readonly do: "repeat"; readonly bytes: string; readonly times: number }
  | { readonly do: "pause"; readonly ms: number }
  | { readonly do: "end" }
  | { readonly do: "reset" };

/** A request as it came over the wire. */
export interface Seen {
  /** Request line and headers. */
  readonly head: string;
  /** Base64. */
  readonly body: string;
  /** Bytes sent back so far. */
  readonly sent: number;
  readonly isClosed: boolean;
}

export interface ScriptedUpstream {
  /** Ends with the script's number: paths and queries can follow. */
  readonly url: string;
  seen(): Promise<readonly Seen[]>;
  /** When the connection of the first request has ended. */
  closed(): Promise<Seen>;
}

export function ports(): ScriptedPorts {
  return inject("scriptedPorts");
}

export async function scriptedUpstream(...steps: readonly Step[]): Promise<ScriptedUpstream> {
  const { upstream, control } = ports();
  const made = await fetch(`http://127.0.0.1:${control}/`, { method: "POST", body: JSON.stringify(steps) });
  const id = await made.json<number>();
  const seen = async () => (await fetch(`http://127.0.0.1:${control}/${id}`)).json<Seen[]>();
  return {
    url: `http://127.0.0.1:${upstream}/${id}`,
    seen,
    closed: () =>
      until(async () => {
        const [first] = await seen();
        if (first?.isClosed !== true) throw new Error("still open");
        return first;
      }),
  };
}

export function base64(bytes: Uint8Array | string): string {
  const whole = typeof bytes === "string" ? new TextEncoder().encode(bytes) : bytes;
  let binary = "";
  for (let at = 0; at < whole.length; at += 8_192) {
    binary += String.fromCharCode(...whole.subarray(at, at + 8_192));
  }
  return btoa(binary);
}

export function send(bytes: Uint8Array | string, cut?: number): Step {
  return { do: "send", bytes: base64(bytes), ...(cut !== undefined && { cut }) };
}

/** A whole answer with its length. */
export function answer(
  body: Uint8Array | string = "",
  headers: readonly string[] = [],
  status = "200 OK",
): Step[] {
  const bytes = typeof body === "string" ? new TextEncoder().encode(body) : body;
  const lines = [`HTTP/1.1 ${status}`, `Content-Length: ${bytes.length}`, "Connection: close", ...headers];
  return [send(`${lines.join("\r\n")}\r\n\r\n`), send(bytes), { do: "end" }];
}
