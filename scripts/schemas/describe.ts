import type { JsonSchema } from "./json-schema.ts";
import { joined } from "./field-tables.ts";

/** Keys whose constant identifies one form of a union. */
const DISCRIMINATORS = ["type", "method", "grant"];

/**
 * Gives every property its description.
 *
 * @param inherited path prefix → the prefix whose descriptions it uses: an environment's overrides are policy fields
 * @throws {Error} for a property without description or type, and for a description without property
 */
export function describeProperties(
  schema: JsonSchema,
  descriptions: ReadonlyMap<string, string>,
  inherited: Readonly<Record<string, string>> = {},
): void {
  const used = new Set<string>();
  const missing: string[] = [];
  for (const { path, property } of propertiesOf(schema, "")) {
    const found = candidates(path, inherited).find((candidate) => descriptions.has(candidate));
    if (Object.keys(property).length === 0) throw new Error(`${path} has no type`);
    if (found === undefined) missing.push(path);
    else {
      used.add(found);
      property.description = descriptions.get(found) ?? "";
    }
  }
  const unused = [...descriptions.keys()].filter((path) => !used.has(path));
  if (missing.length > 0) throw new Error(`no description of ${missing.join(", ")}`);
  if (unused.length > 0) throw new Error(`described and not in the schema: ${unused.join(", ")}`);
}

interface Property {
  /** `channels.*(email).url`: `*` for any name, `[]` for the items of a list, the form of an entry in parentheses. */
  readonly path: string;
  readonly property: JsonSchema;
}

function propertiesOf(schema: JsonSchema, path: string): readonly Property[] {
  const below = (child: JsonSchema | boolean | undefined, at: string) =>
    typeof child === "object" ? propertiesOf(child, at) : [];
  return [
    ...Object.entries(schema.properties ?? {}).flatMap(([key, child]) => {
      if (typeof child !== "object") return [];
      const at = joined(path, key);
      return [{ path: at, property: child }, ...propertiesOf(child, at)];
    }),
    ...below(schema.additionalProperties, `${path}.*`),
    ...(Array.isArray(schema.items) ? [] : below(schema.items, `${path}[]`)),
    ...[...(schema.anyOf ?? []), ...(schema.oneOf ?? [])].flatMap((option) =>
      below(option, `${path}${formOf(option)}`),
    ),
  ];
}

function formOf({ properties = {} }: JsonSchema): string {
  for (const key of DISCRIMINATORS) {
    const property = properties[key];
    if (typeof property === "object" && property.const !== undefined) return `(${String(property.const)})`;
  }
  return "";
}

/** The path, then the path with fewer of its forms, so that a row can describe one form or all of them. */
function candidates(path: string, inherited: Readonly<Record<string, string>>): readonly string[] {
  const [from, to] = Object.entries(inherited).find(([place]) => path.startsWith(place)) ?? ["", ""];
  const parts = `${to}${path.slice(from.length)}`.split(/(?=\()|(?<=\))/);
  return parts.reduce<readonly string[]>(
    (paths, part) =>
      part.startsWith("(")
        ? [...paths.map((each) => each + part), ...paths]
        : paths.map((each) => each + part),
    [""],
  );
}
