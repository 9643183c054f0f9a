import { isJsonObject, type Json, type JsonObject } from "../../core/base/json.ts";
import type { VaultSecretRef } from "../../core/registry/secret-ref.ts";
import { ok, type Result } from "../../core/base/result.ts";
import type { OnePasswordConnection } from "../../core/registry/vault-connection.ts";
import type { VaultFailure } from "../../ports/vault.ts";
import type { VaultClient } from "./vault-client.ts";
import { failed } from "./failure.ts";

type OnePasswordRef = Extract<VaultSecretRef, { readonly scheme: "op" }>;

const WHO = "1Password Connect";

/** An id of a vault or item; a name of this form is looked up as an id only. */
const ID = /^[a-z0-9]{26}$/i;

/** Reads `path` on the server; the three requests of this adapter differ in nothing else. */
type Get = (
  item: string,
  path: readonly string[],
  query?: Record<string, string>,
) => Promise<Result<Json, VaultFailure>>;

/**
 * 1Password Connect (REST, v1). Names are compared case-insensitively, and an ambiguous name is refused: an attacker
 * who can add an item to the vault must not replace a credential with one of the same name.
 */
export async function onePasswordSecret(
  ref: OnePasswordRef,
  { url, token, allowPrivate }: OnePasswordConnection,
  client: VaultClient,
): Promise<Result<string, VaultFailure>> {
  const opened = await client.ownSecret(token, WHO);
  if (!opened.ok) return opened;
  const headers = { Authorization: `Bearer ${opened.value}`, Accept: "application/json" };
  const get: Get = (item, path, query = {}) =>
    client.fetchJson({
      who: WHO,
      item,
      base: url,
      path: ["v1", ...path],
      query,
      method: "GET",
      headers,
      allowPrivate,
    });
  const vault = await vaultId(ref.vault, get);
  if (!vault.ok) return vault;
  const item = await itemId(ref.item, vault.value, get);
  if (!item.ok) return item;
  const found = await get("the item", ["vaults", vault.value, "items", item.value]);
  return found.ok ? valueOf(found.value, ref) : found;
}

async function vaultId(vault: string, get: Get): Promise<Result<string, VaultFailure>> {
  if (ID.test(vault)) return ok(vault.toLowerCase());
  const listed = await get("its vaults", ["vaults"], { filter: `name eq ${quoted(vault)}` });
  return listed.ok ? onlyOne(listed.value, "name", vault, "vault") : listed;
}

async function itemId(item: string, vault: string, get: Get): Promise<Result<string, VaultFailure>> {
  if (ID.test(item)) return ok(item.toLowerCase());
  const query = { filter: `title eq ${quoted(item)}` };
  const listed = await get("the vault's items", ["vaults", vault, "items"], query);
  return listed.ok ? onlyOne(listed.value, "title", item, "item") : listed;
}

/** RFC 7644 section 3.4.2.2: a value in a filter is a JSON string. */
function quoted(name: string): string {
  return JSON.stringify(name);
}

/** The id of the only entry with this name. Compared here too, because a server may ignore the filter. */
function onlyOne(
  list: Json,
  member: "name" | "title",
  called: string,
  kind: string,
): Result<string, VaultFailure> {
  if (!Array.isArray(list)) return failed("invalid_response", `${WHO} answered with no list of ${kind}s`);
  const named = list
    .filter(isJsonObject)
    .filter((entry) => isSameName(entry[member], called) && !isArchived(entry));
  if (named.length > 1) return ambiguous(named.length, `${kind}s have this ${member}`);
  const [entry] = named;
  if (entry === undefined) {
    return failed("not_found", `${WHO} shows this token no ${kind} with this ${member}`);
  }
  const id = entry["id"];
  // Checked, because it becomes part of the next path.
  return typeof id === "string" && ID.test(id)
    ? ok(id)
    : failed("invalid_response", `${WHO} answered with a ${kind} without an id`);
}

function valueOf(item: Json, ref: OnePasswordRef): Result<string, VaultFailure> {
  if (!isJsonObject(item)) return failed("invalid_response", `${WHO} answered without an item`);
  if (isArchived(item)) return failed("not_found", "the item is archived or deleted in 1Password");
  const fields = entriesOf(item["fields"]);
  const within =
    ref.section === null ? preferUnsectioned(fields, ref.field) : inSection(item, fields, ref.section);
  if (!within.ok) return within;
  const found = entriesNamed(within.value, ref.field);
  if (found.length > 1) return ambiguous(found.length, "fields of the item have this name");
  const [field] = found;
  if (field === undefined) {
    const where = ref.section === null ? "the item" : "this section of the item";
    return failed("not_found", `${where} has no field of this name`);
  }
  if (field["type"] === "OTP") {
    return failed("invalid_response", "the field makes one-time passwords; its seed is not a credential");
  }
  const value = field["value"] ?? "";
  return typeof value === "string" ? ok(value) : failed("invalid_response", "the field's value is not text");
}

/** Without a section in the reference, fields outside of sections come first. */
function preferUnsectioned(
  fields: readonly JsonObject[],
  field: string,
): Result<readonly JsonObject[], VaultFailure> {
  const unsectioned = fields.filter((entry) => sectionOf(entry) === null);
  return ok(entriesNamed(unsectioned, field).length > 0 ? unsectioned : fields);
}

function inSection(
  item: JsonObject,
  fields: readonly JsonObject[],
  section: string,
): Result<readonly JsonObject[], VaultFailure> {
  const named = entriesNamed(sectionsOf(item, fields), section);
  if (named.length > 1) return ambiguous(named.length, "sections of the item have this name");
  const id = named[0]?.["id"];
  if (typeof id !== "string") return failed("not_found", "the item has no section of this name");
  return ok(fields.filter((entry) => sectionOf(entry) === id));
}

/** The item's sections, and those that only a field names; each once. */
function sectionsOf(item: JsonObject, fields: readonly JsonObject[]): readonly JsonObject[] {
  const all = [...entriesOf(item["sections"]), ...entriesOf(fields.map((field) => field["section"] ?? null))];
  return all.filter(({ id }, at) => all.findIndex((section) => section["id"] === id) === at);
}

/** Ids take precedence over labels, so that a reference can name every entry unambiguously. */
function entriesNamed(entries: readonly JsonObject[], called: string): readonly JsonObject[] {
  const byId = entries.filter((entry) => isSameName(entry["id"], called));
  return byId.length > 0 ? byId : entries.filter((entry) => isSameName(entry["label"], called));
}

function sectionOf(field: JsonObject): string | null {
  const section = field["section"];
  const id = isJsonObject(section) ? section["id"] : null;
  return typeof id === "string" ? id : null;
}

function entriesOf(list: Json | undefined): readonly JsonObject[] {
  return Array.isArray(list) ? list.filter(isJsonObject) : [];
}

/** Only items have a state. */
function isArchived(entry: JsonObject): boolean {
  return entry["state"] === "ARCHIVED" || entry["state"] === "DELETED";
}

function isSameName(name: Json | undefined, called: string): boolean {
  return typeof name === "string" && name.toLowerCase() === called.toLowerCase();
}

function ambiguous(count: number, what: string) {
  return failed("invalid_response", `${count} ${what}; use the id in the reference`);
}
