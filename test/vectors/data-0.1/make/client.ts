/** One HTTP answer; `body` is empty where it is no JSON object. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Readonly<Record<string, unknown>>;
}

/** Speaks to the server that makes the folder, and stops the run at the first answer that was not expected. */
export interface Client {
  readonly origin: string;
  /** @throws {Error} for any other status than the expected one */
  call(method: string, path: string, key: string, body?: object, expected?: number): Promise<Answer>;
  /** The same with headers and body as they are to go out. */
  send(path: string, init: RequestInit, expected: number): Promise<Answer>;
}

export function clientOf(origin: string): Client {
  async function send(path: string, init: RequestInit, expected: number): Promise<Answer> {
    const response = await fetch(`${origin}${path}`, init);
    const written = await response.text();
    if (response.status !== expected) {
      throw new Error(`${init.method ?? "GET"} ${path}: ${response.status} and not ${expected}\n${written}`);
    }
    const isJson = response.headers.get("content-type")?.includes("json") === true && written !== "";
    const body = isJson ? (JSON.parse(written) as Answer["body"]) : {};
    return { status: response.status, headers: response.headers, body };
  }
  return {
    origin,
    send,
    call(method, path, key, body, expected = 200) {
      const headers = { authorization: `Bearer ${key}`, "content-type": "application/json" };
      return send(
        path,
        { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) },
        expected,
      );
    },
  };
}

/** @throws {Error} where there is no such text */
export function text(body: Answer["body"], name: string): string {
  const value = body[name];
  if (typeof value !== "string") throw new Error(`no text ${name} in ${JSON.stringify(body)}`);
  return value;
}
