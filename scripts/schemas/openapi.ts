import { requestSchemas } from "../../src/http/api/shared/request-schema.ts";
import { createApp } from "../../src/http/app.ts";
import { openApiDocument } from "../../src/http/openapi/document.ts";
import packageJson from "../../package.json" with { type: "json" };

/** The text of `schemas/openapi.json`. */
export function openApiText(): string {
  // The doors register the requests that they parse.
  createApp();
  return `${JSON.stringify(openApiDocument(requestSchemas(), packageJson.version), null, 2)}\n`;
}
