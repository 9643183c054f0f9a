import { readFileSync } from "node:fs";
import { Ajv } from "ajv";
import { parseDocument } from "yaml";
import { YAML_OPTIONS } from "../../src/config/yaml/source.ts";

/*
 * The problems that an editor shows for a file: it reads YAML 1.2 and validates by one of the schemas in schemas/.
 */

export type SchemaName = "gate" | "policy" | "policy-cases";

export interface Editor {
  /** Syntax errors count: an editor shows them as well. */
  accepts(text: string): boolean;
  acceptsValue(value: unknown): boolean;
}

export function editorWith(name: SchemaName): Editor {
  const validate = validator().compile(schemaText(name));
  return {
    acceptsValue: (value) => validate(value),
    accepts: (text) => {
      const document = readAsEditor(text);
      return document !== null && validate(document.value);
    },
  };
}

/** Null for a syntax error or an alias without its anchor. */
function readAsEditor(text: string): { readonly value: unknown } | null {
  // Keys that are written twice and second documents are the loader's questions: editors differ.
  const document = parseDocument(text, { ...YAML_OPTIONS, uniqueKeys: false });
  const mistakes = [...document.errors, ...document.warnings];
  if (mistakes.some(({ code }) => code !== "MULTIPLE_DOCS")) return null;
  try {
    return { value: document.toJS() };
  } catch {
    return null;
  }
}

/** As strict about the schema itself as the validator can be, but for combinations that zod writes. */
function validator(): Ajv {
  const ajv = new Ajv({ strict: true, strictTypes: false, strictRequired: false });
  ajv.addKeyword("patternErrorMessage");
  return ajv;
}

function schemaText(name: SchemaName): Record<string, unknown> {
  const url = new URL(`../../schemas/${name}.schema.json`, import.meta.url);
  return JSON.parse(readFileSync(url, "utf8")) as Record<string, unknown>;
}
