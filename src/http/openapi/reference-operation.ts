import { html } from "hono/html";
import type { Markup } from "../pages/page.ts";
import {
  isReference,
  nameOf,
  type ApiContent,
  type ApiDocument,
  type ApiOperation,
  type ApiParameter,
  type ApiResponse,
} from "./parsed-document.ts";
import { membersMarkup, sentence, typeMarkup } from "./reference-schema.ts";

export interface ShownOperation {
  readonly method: string;
  readonly path: string;
  readonly operation: ApiOperation;
}

/** One operation in full, with an anchor of its own. */
export function operationMarkup({ method, path, operation }: ShownOperation, document: ApiDocument): Markup {
  const { operationId, summary, description, requestBody, security } = operation;
  return html`<section id="${operationId}">
    <h3><code>${method} ${path}</code> <a class="anchor" href="#${operationId}">${summary}</a></h3>
    ${description === undefined ? null : html`<p>${sentence(description)}</p>`}
    <p class="label">${callersText(security)} · operation <code>${operationId}</code></p>
    ${parametersMarkup(operation, document)}
    ${
      requestBody === undefined
        ? null
        : html`<h4>Body${requestBody.required === true ? "" : ", optional"}</h4>
            ${contentMarkup(requestBody.content)}`
    }
    <h4>Responses</h4>
    <ul class="members">
      ${Object.entries(operation.responses).map((each) => responseMarkup(each, document))}
    </ul>
  </section>`;
}

const SCHEMES: Readonly<Record<string, string>> = {
  key: "a key",
  session: "a session",
  executionToken: "the order's token",
  providerSignature: "the provider's signature",
  slackSignature: "Slack's signature",
};

function callersText(security: ApiOperation["security"]): string {
  if (security.length === 0) return "No key";
  const ways = security.flatMap((requirement) => {
    const [scheme, roles] = Object.entries(requirement)[0] ?? [];
    if (scheme === undefined || roles === undefined) return ["nothing"];
    return [`${SCHEMES[scheme] ?? scheme}${roles.length === 0 ? "" : ` (${roles.join(", ")})`}`];
  });
  return `With ${ways.join(", or ")}`;
}

function parametersMarkup({ parameters = [] }: ApiOperation, { components }: ApiDocument): Markup | null {
  const found = parameters.map((each) =>
    isReference(each) ? components.parameters[nameOf(each.$ref)] : each,
  );
  const known = found.filter((each) => each !== undefined);
  if (known.length === 0) return null;
  return html`<h4>Parameters</h4>
    <ul class="members">
      ${known.map(parameterMarkup)}
    </ul>`;
}

function parameterMarkup({ name, in: place, required, description, schema }: ApiParameter): Markup {
  return html`<li>
    <code>${name}</code>
    <span class="label">${place}, ${typeMarkup(schema)}${required ? null : ", optional"}</span>
    ${description === undefined ? null : html`<div>${sentence(description)}</div>`}
  </li>`;
}

function contentMarkup(content: ApiContent): Markup {
  return html`${Object.entries(content).map(([type, { schema = {} }]) => {
    const named =
      schema.$ref === undefined && schema.properties !== undefined ? html`object` : typeMarkup(schema);
    return html`<div><code>${type}</code> <span class="label">${named}</span>${membersMarkup(schema)}</div>`;
  })}`;
}

function responseMarkup(
  [status, response]: readonly [string, ApiOperation["responses"][string]],
  { components }: ApiDocument,
): Markup {
  const name = isReference(response) ? nameOf(response.$ref) : null;
  if (name !== null && isShownOnce(name)) {
    return html`<li><code>${status}</code> <a href="#response-${name}">${name}</a></li>`;
  }
  const named = name === null ? undefined : components.responses[name];
  const { description = "", ...rest } = { ...named, ...response } as ApiResponse;
  return html`<li><code>${status}</code> ${sentence(description)} ${responseParts(rest)}</li>`;
}

/** Responses that many operations refer to, beside `Problem`, whose codes are each operation's own. */
export function isShownOnce(name: string): boolean {
  return name !== "Problem";
}

export function sharedResponseMarkup(name: string, { description, ...rest }: ApiResponse): Markup {
  return html`<section id="response-${name}">
    <h3><a class="anchor" href="#response-${name}">${name}</a></h3>
    <p>${sentence(description)}</p>
    ${responseParts(rest)}
  </section>`;
}

function responseParts({ headers = {}, content = {} }: Pick<ApiResponse, "headers" | "content">): Markup {
  const named = Object.entries(headers);
  return html`${
    named.length === 0
      ? null
      : html`<div class="label">
          ${named.map(([name, header]) => html`<code>${name}</code>: ${sentence(header.description)} `)}
        </div>`
  }
  ${contentMarkup(content)}`;
}
