import { z } from "zod";

export type JsonSchema = z.core.JSONSchema.JSONSchema;

/**
 * The JSON Schema of valid input, without descriptions. Draft 07, because every version of the YAML language server
 * supports it, and later drafts only the newest.
 */
export function jsonSchemaOf(schema: z.ZodType): JsonSchema {
  return z.toJSONSchema(schema, {
    target: "draft-07",
    io: "input",
    // A `z.custom` type declares its schema with `meta`; `describeProperties` refuses one without.
    unrepresentable: "any",
    override: ({ zodSchema, jsonSchema }) => {
      // Editors interpret `format: email` differently from the loader, whose rule is the pattern beside it.
      if (jsonSchema.pattern !== undefined) delete jsonSchema.format;
      addPatternMessages(zodSchema, jsonSchema);
    },
  });
}

/** Editors that know `patternErrorMessage` show the loader's sentence instead of a regular expression. */
function addPatternMessages(zodSchema: z.core.$ZodType, jsonSchema: z.core.JSONSchema.BaseSchema): void {
  const { def } = zodSchema._zod;
  for (const check of [def, ...(def.checks ?? []).map((each) => each._zod.def)]) {
    // A string format such as an e-mail address is a check on its own definition.
    if (!("pattern" in check) || !(check.pattern instanceof RegExp)) continue;
    const message = jsonSchema.pattern === check.pattern.source ? messageOf(check) : null;
    if (message !== null) jsonSchema["patternErrorMessage"] = message;
  }
}

/** The check's message; null: it belongs to the union around it. */
function messageOf({ error }: { readonly error?: z.core.$ZodErrorMap<never> | undefined }): string | null {
  const message = (error as z.core.$ZodErrorMap | undefined)?.({
    code: "invalid_format",
    format: "regex",
    input: "",
    path: [],
  });
  return (typeof message === "object" ? message?.message : message) ?? null;
}
