import { z } from "zod";

export type JsonSchema = z.core.JSONSchema.JSONSchema;

/**
 * The JSON Schema of what may be written, without descriptions. Draft 07, because every version of the YAML language
 * server validates it, and later drafts only the newest.
 */
export function jsonSchemaOf(schema: z.ZodType): JsonSchema {
  return z.toJSONSchema(schema, {
    target: "draft-07",
    io: "input",
    // A type of zod's `custom` says with `meta` what it is; `describeProperties` refuses one that does not.
    unrepresentable: "any",
    override: ({ zodSchema, jsonSchema }) => {
      // Editors read `format: email` differently from the pattern beside it, which is the loader's.
      if (jsonSchema.pattern !== undefined) delete jsonSchema.format;
      addPatternMessages(zodSchema, jsonSchema);
    },
  });
}

/** Editors that know `patternErrorMessage` show the loader's sentence instead of a regular expression. */
function addPatternMessages(zodSchema: z.core.$ZodType, jsonSchema: z.core.JSONSchema.BaseSchema): void {
  const { def } = zodSchema._zod;
  for (const check of [def, ...(def.checks ?? []).map((each) => each._zod.def)]) {
    // A string of its own format, such as an e-mail address, is its own check.
    if (!("pattern" in check) || !(check.pattern instanceof RegExp)) continue;
    const message = jsonSchema.pattern === check.pattern.source ? messageOf(check) : null;
    if (message !== null) jsonSchema["patternErrorMessage"] = message;
  }
}

/** Null where the alternatives of a union have one message between them. */
function messageOf({ error }: { readonly error?: z.core.$ZodErrorMap<never> | undefined }): string | null {
  const message = (error as z.core.$ZodErrorMap | undefined)?.({
    code: "invalid_format",
    format: "regex",
    input: "",
    path: [],
  });
  return (typeof message === "object" ? message?.message : message) ?? null;
}
