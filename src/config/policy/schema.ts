import { z } from "zod";
import { OVERRIDABLE } from "./fields.ts";
import { choice, mapping, name, text } from "../yaml/schema-types.ts";

/** A policy file's top level. */
const TOP = {
  id: name("the policy's id, equal to the file's name"),
  description: text("a description", 2_000).optional(),
  owner: name("a person or group of gate.yaml").optional(),
  mode: choice(["enforce", "shadow"]).optional(),
  ...OVERRIDABLE,
} as const;

/** In an environment every rule may be left out, replaced, or removed with `null`. */
const OVERRIDES = Object.fromEntries(
  Object.entries(OVERRIDABLE).map(([field, schema]) => [
    field,
    field === "destinations" ? schema.optional() : schema.nullable(),
  ]),
);

export const POLICY_FILE = mapping(
  {
    ...TOP,
    environments: z
      .record(
        name("an environment"),
        mapping(OVERRIDES, "must be overrides such as {require_approval: always}"),
        { error: "must be environments by name, such as {production: {…}}" },
      )
      .optional(),
  },
  "must be a policy: `id`, `destinations` and rules, one per line",
);
