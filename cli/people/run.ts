import type { JsonObject } from "../../src/core/base/json.ts";
import { member, textMember } from "../../verifier/read-json.ts";
import { callApi } from "../api.ts";
import { allPrincipals, principalNamed, shown } from "../agents/principals.ts";
import { CONFIRM_FLAGS, isConfirmed } from "../confirm.ts";
import { table } from "../format.ts";
import { EXIT_FAILED, type CommandIo, type ExitCode } from "../io.ts";
import { visibleJson } from "../sanitize-text.ts";
import { CONNECTION_FLAGS, connectionOf } from "../server-and-key.ts";
import { parseFlags, UsageError } from "../usage.ts";
import { ownCommand } from "../own-command.ts";

const COMMON = { ...CONNECTION_FLAGS, json: { type: "boolean", default: false } } as const;

/** `people list`: a person's keys and sign-ins stand together, because together they have one vote. */
export async function runList(args: readonly string[], io: CommandIo): Promise<ExitCode> {
  const { values } = parseFlags(args, COMMON);
  const all = await allPrincipals(connectionOf(values, "a reviewer's, an auditor's or an admin's key"));
  const people = all
    .filter((principal) => textMember(principal, "person") !== null)
    .toSorted((one, other) => compare(orderOf(one), orderOf(other)));
  if (values.json) io.out(visibleJson(people));
  else if (people.length === 0) io.out("Nobody has a key or has signed in yet.");
  else io.out(table(["PERSON", "KEY OR SIGN-IN", "ROLE", "STATUS", "ID"], people.map(rowOf)).join("\n"));
  return 0;
}

function rowOf(principal: JsonObject): readonly string[] {
  const person = personOf(principal);
  return [
    person === "" ? "(of its own)" : person,
    shown(principal, "name"),
    shown(principal, "role"),
    shown(principal, "status"),
    shown(principal, "id"),
  ];
}

/** Empty: the key belongs to no person of gate.yaml, and is a person of its own. */
function personOf(principal: JsonObject): string {
  const person = shown(principal, "person");
  return person === shown(principal, "id") ? "" : person;
}

function orderOf(principal: JsonObject): string {
  return `${personOf(principal)} ${shown(principal, "name")}`;
}

function compare(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}

/** `people unlink`. */
export async function runUnlink(args: readonly string[], io: CommandIo): Promise<ExitCode> {
  const { values, positionals } = parseFlags(args, { ...COMMON, ...CONFIRM_FLAGS }, { max: 1 });
  const [named] = positionals;
  if (named === undefined) {
    throw new UsageError(`name the principal that signs in: ${ownCommand()} people list`);
  }
  const connection = connectionOf(values, "an admin's key");
  const principal = await principalNamed(connection, named);
  const name = shown(principal, "name");
  const question = `Forget the account of ${name}? Whoever signs in next with the person's address takes its place.`;
  if (!(await isConfirmed(question, values, io))) return EXIT_FAILED;
  const path = `/v1/agents/${encodeURIComponent(String(principal["id"]))}/unlink-identity`;
  const answer = await callApi(connection, path, { method: "POST" });
  const words =
    member(answer, "unlinked") === true ? "can sign in with another account" : "has no linked account";
  io.out(values.json ? visibleJson(answer) : `${name} ${words}.`);
  return 0;
}
