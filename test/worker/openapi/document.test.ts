import { describe, expect, test } from "vitest";
import { send } from "../../support/worker/gate.ts";

const get = (path: string, headers: Record<string, string> = {}) => send(path, { headers });

describe("GET /openapi.json", () => {
  test("is the document, for everybody and for a while", async () => {
    const { status, headers, body } = await get("/openapi.json", { Origin: "https://elsewhere.example" });
    expect(status).toBe(200);
    expect(headers.get("Content-Type")).toBe("application/json");
    expect(headers.get("Cache-Control")).toBe("public, max-age=300");
    expect(headers.get("Access-Control-Allow-Origin")).toBe("*");
    expect(body.openapi).toBe("3.1.1");
    expect(Object.keys(body.paths)).toContain("/v1/intents/{id}");
  });

  test("is not sent again to a client that has it, whatever a proxy made of the tag", async () => {
    const tag = (await get("/openapi.json")).headers.get("ETag") ?? "";
    expect(tag).toMatch(/^"[\w-]{22}"$/);
    for (const known of [tag, `W/${tag}`, `"another", ${tag}`, "*"]) {
      const { status, text, headers } = await get("/openapi.json", { "If-None-Match": known });
      expect([status, text, headers.get("ETag")], known).toEqual([304, "", tag]);
    }
    for (const other of ['"another"', tag.slice(1, -1), ""]) {
      expect((await get("/openapi.json", { "If-None-Match": other })).status, other).toBe(200);
    }
  });
});

describe("GET /docs", () => {
  test("is a page without script or remote parts, for everybody", async () => {
    const { status, headers, text } = await get("/docs");
    expect(status).toBe(200);
    expect(headers.get("Content-Type")).toBe("text/html; charset=UTF-8");
    expect(headers.get("Cache-Control")).toBe("public, max-age=300");
    expect(headers.get("Content-Security-Policy")).toContain("default-src 'none'");
    expect(text).not.toMatch(/<script|<img|<iframe|style="|(?:src|href)="(?:https?:)?\/\//);
  });

  test("has every operation and schema of the document, each at its anchor", async () => {
    const { text } = await get("/docs");
    const { body: document } = await get("/openapi.json");
    const ids = [...text.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id);
    expect(new Set(ids).size).toBe(ids.length);
    for (const methods of Object.values<Record<string, { operationId: string }>>(document.paths)) {
      for (const { operationId } of Object.values(methods)) expect(ids).toContain(operationId);
    }
    for (const name of Object.keys(document.components.schemas)) expect(ids).toContain(`schema-${name}`);
  });

  test("links to nothing that is not there", async () => {
    const { text } = await get("/docs");
    const ids = new Set([...text.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id));
    const links = [...text.matchAll(/href="#([^"]*)"/g)].map(([, id]) => id ?? "");
    expect(links.length).toBeGreaterThan(300);
    expect(links.filter((id) => !ids.has(id))).toEqual([]);
  });

  test("is the same the second time, and has no body for a HEAD", async () => {
    const [first, second] = [await get("/docs"), await get("/docs")];
    expect(second.text).toBe(first.text);
    const head = await send("/docs", { method: "HEAD" });
    expect([head.status, head.text]).toEqual([200, ""]);
  });
});
