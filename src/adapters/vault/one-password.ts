import { isJsonObject, type Json, type JsonObject } from "../../core/base/json.ts";
import type { VaultSecretRef } from "../../core/registry/secret-ref.ts";
import { ok, type Result } from "../../core/base/result.ts";
import type { OnePasswordConnection } from "../../core/registry/vault-connection.ts";
import type { VaultFailure } from "../../ports/vault.ts";
import type { VaultClient } from "./vault-client.ts";
import { failed } from "./failure.ts";

type OnePasswordRef = Extract<VaultSecretRef, { readonly scheme: "op" }>;

const WHO = "1Password Connect";

/** What 1Password gives its vaults and items for ids; a name that looks like one is found by its id only. */
const ID = /^[a-z0-9]{26}$/i;

/** Reads `path` on the server; the adapter's own three questions differ in nothing else. */
type Get = (
  what: string,
  path: readonly string[],
  query?: Record<string, string>,
) => Promise<Result<Json, VaultFailure>>;

/**
 * 1Password Connect (REST, v1). Names are compared without regard to case, and what two things are called is refused:
 * whoever may add an item to the vault must not be able to slip another credential in by calling it the same.
 */
export async function onePasswordSecret(
  ref: OnePasswordRef,
  { url, token, allowPrivate }: OnePasswordConnection,
  errand: VaultClient,
): Promise<Result<string, VaultFailure>> {
  const opened = await errand.ownSecret(token, WHO);
  if (!opened.ok) return opened;
  const headers = { Authorization: `Bearer ${opened.value}`, Accept: "application/json" };
  const get: Get = (what, path, query = {}) =>
    errand.fetchJson({
      who: WHO,
      what,
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

/** RFC 7644 section 3.4.2.2: a value in a filter is written as JSON writes it. */
function quoted(name: string): string {
  return JSON.stringify(name);
}

/** The id of the one in the list that is called so; a server that ignores the filter changes nothing. */
function onlyOne(
  list: Json,
  member: "name" | "title",
  called: string,
  kind: string,
): Result<string, VaultFailure> {
  if (!Array.isArray(list)) return failed("invalid_response", `${WHO} answered with no list of ${kind}s`);
  const named = list
    .filter(isJsonObject)
    .filter((entry) => isCalled(entry[member], called) && !isPutAway(entry));
  if (named.length > 1) return ambiguous(named.length, `${kind}s have this ${member}`);
  const [entry] = named;
  if (entry === undefined) {
    return failed("not_found", `${WHO} shows this token no ${kind} of this ${member}`);
  }
  const id = entry["id"];
  // It becomes part of the next path.
  return typeof id === "string" && ID.test(id)
    ? ok(id)
    : failed("invalid_response", `${WHO} answered with a ${kind} without an id`);
}

function valueOf(item: Json, ref: OnePasswordRef): Result<string, VaultFailure> {
  if (!isJsonObject(item)) return failed("invalid_response", `${WHO} answered with no item`);
  if (isPutAway(item)) return failed("not_found", "the item is archived or deleted in 1Password");
  const fields = entriesOf(item["fields"]);
  const within = ref.section === null ? outside(fields, ref.field) : inSection(item, fields, ref.section);
  if (!within.ok) return within;
  const found = calledSo(within.value, ref.field);
  if (found.length > 1) return ambiguous(found.length, "fields of the item have this name");
  const [field] = found;
  if (field === undefined) return failed("not_found", "the item has no field of this name there");
  if (field["type"] === "OTP") {
    return failed("invalid_response", "the field makes one-time passwords; its seed is not a credential");
  }
  const value = field["value"] ?? "";
  return typeof value === "string" ? ok(value) : failed("invalid_response", "the field holds no text");
}

/** Without a section, what stands outside of sections comes first. */
function outside(fields: readonly JsonObject[], field: string): Result<readonly JsonObject[], VaultFailure> {
  const loose = fields.filter((entry) => sectionOf(entry) === null);
  return ok(calledSo(loose, field).length > 0 ? loose : fields);
}

function inSection(
  item: JsonObject,
  fields: readonly JsonObject[],
  section: string,
): Result<readonly JsonObject[], VaultFailure> {
  const named = calledSo(sectionsOf(item, fields), section);
  if (named.length > 1) return ambiguous(named.length, "sections of the item have this name");
  const id = named[0]?.["id"];
  if (typeof id !== "string") return failed("not_found", "the item has no section of this name");
  return ok(fields.filter((entry) => sectionOf(entry) === id));
}

/** The item's list, and those that only a field names; each once. */
function sectionsOf(item: JsonObject, fields: readonly JsonObject[]): readonly JsonObject[] {
  const all = [...entriesOf(item["sections"]), ...entriesOf(fields.map((field) => field["section"] ?? null))];
  return all.filter(({ id }, at) => all.findIndex((section) => section["id"] === id) === at);
}

/** An id goes before what somebody called something, so that there is a way to name each. */
function calledSo(entries: readonly JsonObject[], called: string): readonly JsonObject[] {
  const byId = entries.filter((entry) => isCalled(entry["id"], called));
  return byId.length > 0 ? byId : entries.filter((entry) => isCalled(entry["label"], called));
}

function sectionOf(field: JsonObject): string | null {
  const section = field["section"];
  const id = isJsonObject(section) ? section["id"] : null;
  return typeof id === "string" ? id : null;
}

function entriesOf(list: Json | undefined): readonly JsonObject[] {
  return Array.isArray(list) ? list.filter(isJsonObject) : [];
}

/** Vaults have no state; of an item it says that somebody put it out of use. */
function isPutAway(entry: JsonObject): boolean {
  return entry["state"] === "ARCHIVED" || entry["state"] === "DELETED";
}

function isCalled(name: Json | undefined, called: string): boolean {
  return typeof name === "string" && name.toLowerCase() === called.toLowerCase();
}

function ambiguous(count: number, what: string) {
  return failed("invalid_response", `${count} ${what}: write its id instead`);
}
