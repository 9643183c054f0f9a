import { Hono } from "hono";
import { cors } from "hono/cors";
import { OPENAPI_ETAG, OPENAPI_TEXT } from "../../../.generated/openapi.ts";
import type { GateContext, GateEnv } from "../middleware/context.ts";
import type { Markup } from "../pages/page.ts";
import type { ApiDocument } from "./parsed-document.ts";
import { referenceBody, referencePage } from "./reference-page.ts";

/** Both change with a deployment only. */
const CACHE = "public, max-age=300";

/** Made when somebody first reads it, and not when the Worker starts. */
let body: Promise<Markup> | undefined;

async function showReference(c: GateContext): Promise<Response> {
  body ??= referenceBody(JSON.parse(OPENAPI_TEXT) as ApiDocument);
  const response = await referencePage(c, await body);
  response.headers.set("Cache-Control", CACHE);
  return response;
}

function showDocument(c: GateContext): Response {
  const headers = { "Cache-Control": CACHE, ETag: OPENAPI_ETAG };
  if (isCurrent(c.req.header("If-None-Match"))) return c.body(null, 304, headers);
  return c.body(OPENAPI_TEXT, 200, { ...headers, "Content-Type": "application/json" });
}

/** RFC 9110 section 13.1.2: weak comparison, since a proxy that compresses makes the tag weak. */
function isCurrent(header: string | undefined): boolean {
  const tags = header?.split(",").map((tag) => tag.trim().replace(/^W\//, "")) ?? [];
  return tags.includes(OPENAPI_ETAG) || tags.includes("*");
}

/** The document of the API, for programs and for people. It is the same for everybody. */
export const openApi = new Hono<GateEnv>()
  .use("/openapi.json", cors())
  .get("/openapi.json", showDocument)
  .get("/docs", showReference);
