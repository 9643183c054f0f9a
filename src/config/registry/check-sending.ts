import { inject } from "../../core/outbound/inject.ts";
import { isAgentCredential } from "../../core/outbound/agent-credentials.ts";
import { isListable, isOverride } from "../../core/outbound/request-header-table.ts";
import { parsePathTemplate, type TemplateProblem } from "../../core/outbound/path-template.ts";
import type { WrittenDestination } from "./schema.ts";
import { credentialOf } from "./sending.ts";
import type { Path, PolicyProblem } from "../yaml/source.ts";
import type { Injection } from "../../core/registry/injection.ts";

/** Creates problems of one entry, at a value or at its key. */
export interface FieldPath {
  at(where: Path, message: string): PolicyProblem;
  atKey(where: Path, message: string): PolicyProblem;
}

/** Reports contradictions in how an entry's requests are sent, which would otherwise fail at the first send. */
export function checkSending(entry: WrittenDestination, place: FieldPath): readonly PolicyProblem[] {
  return [
    ...checkExecute(entry, place),
    ...checkInject(entry, place),
    ...checkHeaders(entry, place),
    ...checkIdempotencyHeader(entry, place),
  ];
}

const PROBLEM_TEXT: Partial<Record<TemplateProblem, string>> = {
  relative: "must begin with a slash",
  too_long: "is too long for a path",
  place:
    "may have a placeholder only as a whole segment or the whole value of a parameter, such as /v1/{payload.id}",
  source:
    "may have placeholders for members alone, such as {payload.charge.id}, {metadata.account} or {metadata.ticket:number}",
  query: "has something in its query that must be escaped, or a separator that servers read differently",
  spelling: "must not escape what needs no escape, and escape in capitals",
};

function checkExecute({ execute }: WrittenDestination, { at }: FieldPath): readonly PolicyProblem[] {
  if (execute === undefined) return [];
  const template = parsePathTemplate(execute.path);
  if (template.ok) return [];
  const problem =
    PROBLEM_TEXT[template.error] ?? "must be a plain path: no `//`, dot segments, `;` or encoded slashes";
  return [at(["execute", "path"], `execute.path ${problem}`)];
}

/** A dummy: long enough to be masked, and with the colon of a `user:password` pair. */
const ANY_SECRET = "any-user:8fK2-any-secret-x7Qp";

/** Injects a dummy credential by the rules of a real send. */
function checkInject(entry: WrittenDestination, { at, atKey }: FieldPath): readonly PolicyProblem[] {
  const { inject: written, execute, upstream } = entry;
  if (written === undefined) return [];
  const credential = credentialOf(entry);
  if (credential === null) return [atKey(["inject"], "inject needs a credential, and there is none")];
  if (upstream === undefined) return [];
  const { injection } = credential;
  const template = execute === undefined ? null : parsePathTemplate(execute.path);
  const reference = template?.ok === true ? dryFilled(execute?.path ?? "") : "";
  const injected = inject({ url: upstream + reference, headers: [] }, injection, ANY_SECRET);
  if (!injected.ok && injected.error === "slot_taken") {
    return [at(["inject", "query"], "is a parameter that the path of `execute` has already")];
  }
  const isRefused = injection.kind === "header" && isOverride(injection.name);
  return injected.ok && !isRefused ? [] : [slotProblem(injection, at)];
}

/** Fills placeholders with a text that has no meaning in a query. */
function dryFilled(path: string): string {
  return path.replaceAll(/\{[^{}]*\}/g, "x");
}

function slotProblem(injection: Injection, at: FieldPath["at"]): PolicyProblem {
  switch (injection.kind) {
    case "query":
      return at(["inject", "query"], "must be a parameter's name: letters, digits, `_`, `.`, `~` and `-`");
    case "header": {
      const plain = inject({ url: "", headers: [] }, { ...injection, format: "{secret}" }, ANY_SECRET);
      return plain.ok && !isOverride(injection.name)
        ? at(["inject", "format"], "must contain {secret} once, with printable ASCII characters around it")
        : at(["inject", "header"], `${injection.name} is no header for a credential`);
    }
    case "basic":
      return at(["inject", "basic"], "must be a user without a colon, which would end it");
    case "bearer":
      return at(["inject"], "can't be injected");
  }
}

function checkHeaders(
  { headers = [], drop_headers: dropped = [] }: WrittenDestination,
  { at }: FieldPath,
): readonly PolicyProblem[] {
  return [
    ...headers.flatMap((name, index) =>
      isListable(name) ? [] : [at(["headers", index], `${name} is never forwarded to an upstream`)],
    ),
    ...dropped.flatMap((name, index) => {
      if (isOverride(name)) {
        return [at(["drop_headers", index], `${name} chooses method, path or host, and is always refused`)];
      }
      if (headers.includes(name)) {
        return [at(["drop_headers", index], `${name} is under \`headers\`, too; remove one`)];
      }
      return NEEDED.has(name) ? [at(["drop_headers", index], `${name} says how the body is read`)] : [];
    }),
  ];
}

/** Without them Gate and the upstream could read the same bytes differently. */
const NEEDED: ReadonlySet<string> = new Set(["content-type", "content-encoding", "content-length"]);

/** Standard headers that mean something other than an idempotency key. */
const OTHER_MEANING = /^(?:accept(?:$|-)|content-|if-|user-agent$|prefer$|range$)/;

function checkIdempotencyHeader(entry: WrittenDestination, { at }: FieldPath): readonly PolicyProblem[] {
  const { idempotency_header: name, inject: written } = entry;
  if (name === undefined) return [];
  if (!isListable(name) || isAgentCredential(name) || OTHER_MEANING.test(name)) {
    const message = `${name} can't carry an idempotency key; use a header such as Idempotency-Key`;
    return [at(["idempotency_header"], message)];
  }
  const isTaken = typeof written === "object" && "header" in written && written.header === name;
  return isTaken ? [at(["idempotency_header"], `${name} holds the credential already`)] : [];
}
