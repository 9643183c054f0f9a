import { html } from "hono/html";
import type { GateContext } from "../middleware/context.ts";
import { page, type Markup } from "../pages/page.ts";
import type { ApiDocument } from "./parsed-document.ts";
import {
  isShownOnce,
  operationMarkup,
  sharedResponseMarkup,
  type ShownOperation,
} from "./reference-operation.ts";
import { membersMarkup, sentence, typeMarkup } from "./reference-schema.ts";

/** The reference of the API as one page, which the browser's own search finds everything in. */
export function referencePage(c: GateContext, body: Markup): Response | Promise<Response> {
  return page(c, { title: "API reference", body });
}

export async function referenceBody(document: ApiDocument): Promise<Markup> {
  const { info, tags, components } = document;
  const operations = operationsOf(document);
  const groups = tags.map((tag) => ({
    ...tag,
    anchor: tag.name.toLowerCase().replaceAll(" ", "-"),
    members: operations.filter(({ operation }) => operation.tags.includes(tag.name)),
  }));
  const schemas = Object.entries(components.schemas);
  return html`<div class="title">
      <h1>API reference</h1>
      <span class="dim">Gate ${info.version}</span>
      <a href="/openapi.json">OpenAPI document</a>
    </div>
    <section>
      <p>${sentence(info.description)}</p>
      <ul class="members">
        ${Object.entries(components.securitySchemes).map(
          ([name, { description }]) => html`<li><code>${name}</code> ${sentence(description)}</li>`,
        )}
      </ul>
    </section>
    <section>
      <h2>Contents</h2>
      ${groups.map(
        ({ name, members }) =>
          html`<details>
            <summary>${name}</summary>
            <ul>
              ${members.map(
                ({ method, path, operation }) =>
                  html`<li>
                    <a href="#${operation.operationId}"><code>${method} ${path}</code></a>
                    ${operation.summary}
                  </li>`,
              )}
            </ul>
          </details>`,
      )}
      <details>
        <summary>Schemas</summary>
        <ul>
          ${schemas.map(([name]) => html`<li><a href="#schema-${name}">${name}</a></li>`)}
        </ul>
      </details>
    </section>
    ${groups.map(
      ({ name, anchor, description, members }) =>
        html`<h2 id="${anchor}" class="group">${name} <span class="dim">${description}</span></h2>
          ${members.map((member) => operationMarkup(member, document))}`,
    )}
    <h2 id="responses" class="group">Responses of many calls</h2>
    ${Object.entries(components.responses)
      .filter(([name]) => isShownOnce(name))
      .map(([name, response]) => sharedResponseMarkup(name, response))}
    <h2 id="schemas" class="group">Schemas</h2>
    ${schemas.map(
      ([name, schema]) =>
        html`<section id="schema-${name}">
          <h3><a class="anchor" href="#schema-${name}">${name}</a></h3>
          ${schema.description === undefined ? null : html`<p>${sentence(schema.description)}</p>`}
          ${schema.properties === undefined ? html`<p>${typeMarkup(schema)}</p>` : null}
          ${membersMarkup(schema)}
        </section>`,
    )}`;
}

function operationsOf({ paths }: ApiDocument): readonly ShownOperation[] {
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ method: method.toUpperCase(), path, operation })),
  );
}
