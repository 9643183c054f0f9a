import type { JsonObject } from "../../src/core/base/json.ts";
import { ROLES } from "../../src/core/identity/principal.ts";
import { member, textMember } from "../../verifier/read-json.ts";
import { callApi } from "../api.ts";
import { table } from "../format.ts";
import type { CommandIo, ExitCode } from "../io.ts";
import { clipped, visibleJson } from "../sanitize-text.ts";
import { CONNECTION_FLAGS, connectionOf } from "../server-and-key.ts";
import { parseFlags, UsageError } from "../usage.ts";
import { allPrincipals, principalNamed, shown } from "./principals.ts";
import { ownCommand } from "../own-command.ts";

const WHO = "a reviewer's, an auditor's or an admin's key";

const COMMON = { ...CONNECTION_FLAGS, json: { type: "boolean", default: false } } as const;

/** `agents list`. */
export async function runList(args: readonly string[], io: CommandIo): Promise<ExitCode> {
  const { values } = parseFlags(args, { ...COMMON, role: { type: "string" } });
  const { role } = values;
  if (role !== undefined && !ROLES.some((known) => known === role)) {
    throw new UsageError(`--role takes ${ROLES.join(", ")}`);
  }
  const all = await allPrincipals(connectionOf(values, WHO));
  const listed = all.filter((principal) => role === undefined || textMember(principal, "role") === role);
  if (values.json) io.out(visibleJson(listed));
  else if (listed.length === 0) {
    io.out(`There is no ${role ?? "principal"} yet. Register one: ${ownCommand()} agents add NAME`);
  } else io.out(table(["NAME", "ROLE", "STATUS", "ANSWERS FOR IT", "ID"], listed.map(rowOf)).join("\n"));
  return 0;
}

function rowOf(principal: JsonObject): readonly string[] {
  const holder = shown(principal, "owner") || shown(principal, "person");
  return [
    shown(principal, "name"),
    shown(principal, "role"),
    shown(principal, "status"),
    // A key that belongs to no person of gate.yaml is a person of its own, under its own id.
    holder === shown(principal, "id") ? "" : holder,
    shown(principal, "id"),
  ];
}

/** `agents show`. */
export async function runShow(args: readonly string[], io: CommandIo): Promise<ExitCode> {
  const { values, positionals } = parseFlags(args, COMMON, { max: 1 });
  const [who] = positionals;
  if (who === undefined) throw new UsageError("name one by its id or name");
  const connection = connectionOf(values, WHO);
  const { id } = await principalNamed(connection, who);
  const principal = await callApi(connection, `/v1/agents/${encodeURIComponent(String(id))}`);
  io.out(values.json ? visibleJson(principal) : linesOf(principal).join("\n"));
  return 0;
}

function linesOf(principal: JsonObject): readonly string[] {
  const list = (name: string) => {
    const found = member(principal, name);
    return Array.isArray(found) ? clipped(found.map(String).join(", "), 400) : "";
  };
  const isAgent = textMember(principal, "role") === "agent";
  const rows: readonly (readonly [string, string])[] = [
    ["name", shown(principal, "name")],
    ["id", shown(principal, "id")],
    ["role", shown(principal, "role")],
    ["status", shown(principal, "status")],
    ["person", shown(principal, "person")],
    ["owner", shown(principal, "owner")],
    ["destinations", isAgent ? list("allowed_destinations") : ""],
    ["policies", isAgent ? list("allowed_policies") : ""],
    ["environment", shown(principal, "environment")],
    ["framework", shown(principal, "framework")],
    ["risk tier", isAgent ? shown(principal, "risk_tier") : ""],
    ["since", shown(principal, "created_at")],
  ];
  return rows.filter(([, text]) => text !== "").map(([label, text]) => `${label.padEnd(13)} ${text}`);
}
