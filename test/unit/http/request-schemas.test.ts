import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import {
  parseRequest,
  requestSchemas,
  type RequestSchema,
} from "../../../src/http/api/shared/request-schema.ts";
import { parseProposeRequest } from "../../../src/http/api/intents/propose-request.ts";
import type { Json } from "../../../src/core/base/json.ts";
import { createApp } from "../../../src/http/app.ts";
import { REQUESTS, type FieldRow, type Probe } from "../../support/request-fields.ts";

// The doors register their schemas when they are loaded.
createApp();

type Body = Record<string, unknown>;

/** What a client sends that meant to send something else; JSON writes NaN as null. */
const PROBES: Readonly<Record<Probe, unknown>> = { null: Number.NaN, '""': "", "[]": [], "{}": {} };

/** Paths of the fields that a request may leave out, at any depth; `*` stands for any member of a record. */
function optionalFields(schema: unknown, at = ""): readonly string[] {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodNullable || schema instanceof z.ZodDefault) {
    return optionalFields(schema.unwrap(), at);
  }
  if (schema instanceof z.ZodArray) return optionalFields(schema.element, at);
  if (schema instanceof z.ZodRecord) return optionalFields(schema.valueType, `${at}*.`);
  if (!(schema instanceof z.ZodObject)) return [];
  return Object.entries(schema.shape).flatMap(([name, field]) => {
    const nested = optionalFields(field, `${at}${name}.`);
    return (field as z.ZodType).safeParse(undefined).success ? [`${at}${name}`, ...nested] : nested;
  });
}

/** Sets, or for `undefined` removes, the field in every object of the body that a path leads to. */
function put(body: unknown, [name = "", ...rest]: readonly string[], value: unknown): void {
  if (Array.isArray(body)) return body.forEach((item) => put(item, [name, ...rest], value));
  if (name === "*") return Object.values(body as Body).forEach((item) => put(item, rest, value));
  const object = body as Body;
  if (rest.length > 0) return put(object[name], rest, value);
  if (value === undefined) delete object[name];
  else object[name] = value;
}

function parsed(request: RequestSchema, base: Body, path: string, value: unknown): unknown {
  const body = structuredClone(base);
  put(body, path.split("."), value);
  try {
    return parseRequest(request, JSON.parse(JSON.stringify(body)) as Body);
  } catch {
    return "refused";
  }
}

test("every registered request has its rows, and every row a request", () => {
  const rows = Object.entries(REQUESTS).map(([name, { fields }]) => [name, Object.keys(fields).toSorted()]);
  const registered = requestSchemas().map(({ name, schema }) => [name, optionalFields(schema).toSorted()]);
  // A new field that a request may leave out needs a row that says what leaving it out permits.
  expect(Object.fromEntries(registered)).toEqual(Object.fromEntries(rows));
});

const cases = requestSchemas().flatMap((request) =>
  optionalFields(request.schema).map((path) => ({ request, path, at: `${request.name}, ${path}` })),
);

describe.each(cases)("$at", ({ request, path }) => {
  const rows = REQUESTS[request.name] ?? { base: {}, fields: {} };
  const row: FieldRow = rows.fields[path] ?? { absent: "" };
  const base = { ...rows.base, ...row.beside };

  test("absent is accepted", () => {
    expect(parsed(request, base, path, undefined)).not.toBe("refused");
  });

  test.each(Object.entries(PROBES))(
    "%s is refused, or its row says why it permits no more",
    (probe, value) => {
      const accepted = parsed(request, base, path, value) !== "refused";
      expect(accepted).toBe(row.takes?.[probe as Probe] !== undefined);
    },
  );

  test("a default is the strict one", () => {
    const absent = parsed(request, base, path, undefined) as Body;
    const value = path.includes(".") ? undefined : absent[path];
    expect(value).toEqual(row.default);
  });
});

test("no door parses with a schema that is not registered", () => {
  const source = new URL("../../../src/http/", import.meta.url);
  const parsing = readdirSync(source, { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".ts"))
    .filter((file) => readFileSync(new URL(file, source), "utf8").includes("safeParse("));
  expect(parsing).toEqual(["api/shared/request-schema.ts"]);
});

test("two spellings of one field with different values are refused", () => {
  const both = (request: RequestSchema, field: string, alias: string) => () =>
    parseRequest(request, { ...REQUESTS[request.name]?.base, [field]: "one", [alias]: "other" });
  let tried = 0;
  for (const request of requestSchemas()) {
    for (const [field, spellings] of Object.entries(request.aliases)) {
      for (const alias of spellings.filter((each) => !(each in request.schema.shape))) {
        tried += 1;
        expect(both(request, field, alias), `${request.name} ${field} ${alias}`).toThrow(
          expect.objectContaining({ status: 400 }),
        );
      }
    }
  }
  expect(tried).toBeGreaterThan(20);
});

test("a limit under a misspelled name is refused where it would limit a mandate, a key or a switch", () => {
  const limiting = ["POST /v1/standing-approvals", "POST /v1/delegations", "POST /v1/agents/register"];
  for (const name of [...limiting, "POST /v1/switches", "POST /v1/switches/lift", "POST /v1/webhooks"]) {
    expect(requestSchemas().find((request) => request.name === name)?.others, name).toBe("refused");
  }
});

test("a field in another case or with other separators is refused where unknown ones are ignored", () => {
  const ignoring = requestSchemas().filter(({ others }) => others === "ignored");
  expect(ignoring.map(({ name }) => name)).toContain("POST /v1/intents");
  for (const request of ignoring) {
    const base = REQUESTS[request.name]?.base ?? {};
    for (const name of Object.keys(request.schema.shape)) {
      const misspelled = [name.toUpperCase(), name.replaceAll(/(?=[A-Z])|_/g, "-"), ` ${name}`];
      for (const other of misspelled.filter((each) => each !== name)) {
        expect(parsed(request, base, other, "1"), `${request.name}: ${other}`).toBe("refused");
      }
    }
    expect(parsed(request, base, "another_field", "1"), request.name).not.toBe("refused");
  }
});

test("a rehearsal asked for in the body of a proposal is refused, for it would be the write", () => {
  const base = { destination: "crm.import", policy: "p", payload: "[]", payload_name: "a.json" };
  const outcome = (more: Record<string, Json>) => {
    try {
      return parseProposeRequest({ ...base, ...more }).request.destination;
    } catch {
      return "refused";
    }
  };
  for (const name of ["dry_run", "dryRun", "dryrun", "Dry-Run"]) {
    for (const value of [true, null, "true", 1, "false"]) {
      expect(outcome({ [name]: value }), name).toBe("refused");
    }
    expect(outcome({ [name]: false }), name).toBe("crm.import");
  }
});
