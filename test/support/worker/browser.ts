import { fetchWorker } from "./bindings.ts";
import { answerOf, noteAnswer, type Answer } from "../client.ts";

/** A browser as far as signing in goes: it keeps cookies by name, says where it comes from, and follows nothing. */
export interface Browser {
  readonly origin: string;
  readonly cookies: Map<string, string>;
  /** The `Set-Cookie` headers of the last response, verbatim. */
  setCookies(): readonly string[];
  get(path: string, headers?: Record<string, string>): Promise<Answer>;
  /** As a page of ours does it, unless the headers say otherwise; an empty header is left out. */
  post(path: string, body?: Body, headers?: Record<string, string>): Promise<Answer>;
  send(method: string, path: string, headers: Record<string, string>, body?: Body): Promise<Answer>;
}

/** A form's fields, or what is sent as JSON. */
type Body = URLSearchParams | Readonly<Record<string, unknown>>;

export function browserAt(origin: string): Browser {
  const cookies = new Map<string, string>();
  let lastSetCookies: readonly string[] = [];

  async function send(method: string, path: string, given: Record<string, string>, body?: Body) {
    const headers = new Headers();
    for (const [name, value] of Object.entries(given)) if (value !== "") headers.set(name, value);
    const jar = [...cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    if (jar !== "" && !headers.has("Cookie")) headers.set("Cookie", jar);
    if (body instanceof URLSearchParams) headers.set("Content-Type", "application/x-www-form-urlencoded");
    else if (body !== undefined) headers.set("Content-Type", "application/json");
    const sent =
      body === undefined ? null : body instanceof URLSearchParams ? body.toString() : JSON.stringify(body);
    const url = path.startsWith("/") ? origin + path : path;
    const response = await fetchWorker(new Request(url, { method, headers, body: sent, redirect: "manual" }));
    lastSetCookies = response.headers.getSetCookie();
    for (const cookie of lastSetCookies) {
      const [pair = ""] = cookie.split(";");
      const [name = "", value = ""] = pair.split("=");
      if (/; Max-Age=0(;|$)/i.test(cookie)) cookies.delete(name);
      else cookies.set(name, value);
    }
    const answer = await answerOf(response);
    if (path.startsWith("/")) noteAnswer(method, path, answer);
    return answer;
  }

  return {
    origin,
    cookies,
    setCookies: () => lastSetCookies,
    get: (path, headers = {}) => send("GET", path, headers),
    post: (path, body = {}, headers = { Origin: origin, "Sec-Fetch-Site": "same-origin" }) =>
      send("POST", path, headers, body),
    send,
  };
}
