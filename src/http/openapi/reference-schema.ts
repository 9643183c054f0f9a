import { html } from "hono/html";
import type { Markup } from "../pages/page.ts";
import { nameOf, type ApiSchema } from "./parsed-document.ts";

/** A schema's type in words, with links to the named ones. */
export function typeMarkup(schema: ApiSchema): Markup {
  const { $ref, anyOf, items, prefixItems, additionalProperties, enum: values, type, format } = schema;
  if ($ref !== undefined) {
    const name = nameOf($ref);
    return html`<a href="#schema-${name}">${name}</a>`;
  }
  if (anyOf !== undefined) return joined(anyOf.map(typeMarkup), " or ");
  if (schema.const !== undefined) return html`<code>${JSON.stringify(schema.const)}</code>`;
  if (values !== undefined) {
    return joined(
      values.map((value) => html`<code>${JSON.stringify(value)}</code>`),
      ", ",
    );
  }
  if (prefixItems !== undefined) return html`[${joined(prefixItems.map(typeMarkup), ", ")}]`;
  if (items !== undefined) return html`list of ${typeMarkup(items)}`;
  if (type === "object" && typeof additionalProperties === "object") {
    const isAny = Object.keys(additionalProperties).length === 0;
    return isAny ? html`object` : html`object of ${typeMarkup(additionalProperties)}`;
  }
  if (type === undefined) return html`any JSON value`;
  const words = typeof type === "string" ? type : type.join(" or ");
  return html`${words}${format === undefined ? null : html` (${format})`}`;
}

/** The members of an object, of the objects in a list, or of a union's branch; null: it has none of its own. */
export function membersMarkup(schema: ApiSchema): Markup | null {
  const { properties, required = [] } = schema;
  if (properties === undefined) return nestedMarkup(schema);
  const names = Object.entries(properties);
  if (names.length === 0) return null;
  return html`<ul class="members">
    ${names.map(([name, member]) => memberMarkup(name, member, required.includes(name)))}
  </ul>`;
}

function nestedMarkup({ items, anyOf = [] }: ApiSchema): Markup | null {
  const found = [...(items === undefined ? [] : [items]), ...anyOf]
    .map(membersMarkup)
    .filter((each) => each !== null);
  return found.length === 0 ? null : html`${found}`;
}

function memberMarkup(name: string, member: ApiSchema, isRequired: boolean): Markup {
  const { description, default: absent } = member;
  return html`<li>
    <code>${name}</code> <span class="label">${typeMarkup(member)}${isRequired ? null : ", optional"}</span>
    ${absent === undefined ? null : html`<span class="label">default <code>${JSON.stringify(absent)}</code></span>`}
    ${description === undefined ? null : html`<div>${sentence(description)}</div>`} ${membersMarkup(member)}
  </li>`;
}

/** A description, whose backticks quote code. */
export function sentence(text: string): Markup {
  return html`${text.split("`").map((part, at) => (at % 2 === 1 ? html`<code>${part}</code>` : part))}`;
}

function joined(parts: readonly Markup[], by: string): Markup {
  return html`${parts.map((part, at) => (at === 0 ? part : html`${by}${part}`))}`;
}
