import { noteExchange } from "./exchanges.ts";

/** The same for a request and a response as they were on the wire, where there is one of each. */
export function noteRawExchange(request: string, answer: string): void {
  const [, method = "", path = ""] = /^([A-Z]+) (\/\S*) HTTP\/1\.1\r\n/.exec(request) ?? [];
  const heads = answer.match(/^HTTP\/1\.1 \d{3}/gm) ?? [];
  const [head = "", body = ""] = splitOnce(answer, "\r\n\r\n");
  const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(head)?.[1] ?? 0);
  const type = /^content-type: *(.*)$/im.exec(head)?.[1]?.trim() ?? "";
  const length = Number(/^content-length: *(\d+)/im.exec(head)?.[1] ?? -1);
  // A path that a URL parser changes names no operation.
  const isPlain = path.startsWith(new URL(`http://gate.test${path}`).pathname);
  if (method === "" || !isPlain || heads.length !== 1 || body.length !== length) return;
  const isProblem = type.startsWith("application/problem+json");
  if (isProblem) noteExchange({ method, path, status, type, json: body });
}

function splitOnce(text: string, by: string): readonly string[] {
  const at = text.indexOf(by);
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + by.length)];
}
