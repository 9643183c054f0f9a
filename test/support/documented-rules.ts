import { readdirSync, readFileSync } from "node:fs";
import { parse } from "yaml";
import { REGISTRY_FILE } from "../../src/config/registry/schema.ts";
import type { SchemaName } from "./editor.ts";
import type { RuleFixture } from "./rule-fixtures.ts";

const ROOT = new URL("../../", import.meta.url);

const CODE = /^```yaml\n([\s\S]*?)^```/gm;

/** The YAML blocks of README.md and docs/ that are rules of Gate's; parts of a file are made whole. */
export function documentedRules(): readonly RuleFixture[] {
  const documents = ["README.md", ...readdirSync(new URL("docs/", ROOT)).map((file) => `docs/${file}`)];
  return documents
    .filter((path) => path.endsWith(".md"))
    .flatMap((path) => {
      const blocks = [...readFileSync(new URL(path, ROOT), "utf8").matchAll(CODE)];
      return blocks.flatMap(([, block = ""], index) => {
        const whole = wholeFile(block);
        return whole === null ? [] : [{ name: `${path} block ${index + 1}`, ...whole }];
      });
    });
}

function wholeFile(block: string): { readonly schema: SchemaName; readonly text: string } | null {
  // A block may be a comment alone.
  const keys = Object.keys((parse(block) as object | null) ?? {});
  if (keys.length === 0) return null;
  const has = (key: string) => keys.includes(key);
  // The manifest of an app in Slack.
  if (has("display_information")) return null;
  if (has("cases")) return { schema: "policy-cases", text: block };
  if (block.startsWith("  ") && has("body")) {
    const channel =
      "channels:\n  mail:\n    type: email\n    url: https://m.example.com\n    secret: key\n    from: g@m.example.com\n";
    return { schema: "gate", text: `${channel}${block}` };
  }
  if (block.startsWith("  ")) return { schema: "gate", text: `destinations:\n${block}` };
  if (keys.every((key) => key in REGISTRY_FILE.shape)) return { schema: "gate", text: block };
  return { schema: "policy", text: has("id") ? block : `id: x\ndestinations: [a.b]\n${block}` };
}
