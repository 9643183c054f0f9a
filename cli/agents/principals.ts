import type { JsonObject } from "../../src/core/base/json.ts";
import { ID_PREFIX } from "../../src/core/identity/principal.ts";
import { textMember } from "../../verifier/read-json.ts";
import { callApi, objectsOf } from "../api.ts";
import { clipped } from "../sanitize-text.ts";
import type { Connection } from "../server-and-key.ts";
import { UsageError } from "../usage.ts";
import { ownCommand } from "../own-command.ts";

/** Pages of 200: far more principals than one organisation has. */
const MAX_PAGES = 500;

/** Every principal of the server. @throws {Unreachable} {Refused} {UsageError} */
export async function allPrincipals(connection: Connection): Promise<readonly JsonObject[]> {
  const found: JsonObject[] = [];
  let after: string | null = null;
  for (let page = 0; page < MAX_PAGES; page += 1) {
    const query: string = after === null ? "" : `?after=${encodeURIComponent(after)}`;
    const answer: JsonObject = await callApi(connection, `/v1/agents${query}`);
    found.push(...objectsOf(answer, "agents", connection));
    after = textMember(answer, "next");
    if (after === null) break;
  }
  return found;
}

/** The principal that an id or an exact name names. @throws {UsageError} naming what exists */
export async function principalNamed(connection: Connection, who: string): Promise<JsonObject> {
  if (Object.values(ID_PREFIX).some((prefix) => who.startsWith(prefix))) {
    return callApi(connection, `/v1/agents/${encodeURIComponent(who)}`);
  }
  const all = await allPrincipals(connection);
  const found = all.find((principal) => textMember(principal, "name") === who);
  if (found !== undefined) return found;
  const close = all
    .map((principal) => textMember(principal, "name") ?? "")
    .filter((name) => name.toLowerCase().includes(who.toLowerCase()) && who !== "");
  const [first] = close;
  const hint = first === undefined ? `${ownCommand()} agents list` : `did you mean ${clipped(first, 80)}?`;
  throw new UsageError(`no principal is called ${clipped(who, 80)}: ${hint}`);
}

/** A member as text for a terminal; empty where it is missing. */
export function shown(object: JsonObject, name: string, chars = 80): string {
  return clipped(textMember(object, name) ?? "", chars);
}
