import { env } from "cloudflare:workers";
import { beforeAll, expect, test } from "vitest";
import { portsOf } from "../../src/env.ts";
import { bindings, changeRules } from "./rules.ts";

const CREDENTIALS = {
  hook: ["env", "HOOK_URL"],
  unset: ["env", "NEVER_SET"],
  empty: ["env", "EMPTY_SECRET"],
  database: ["env", "DB"],
  inherited: ["env", "constructor"],
  vaulted: ["aws", "HOOK_URL"],
} as const;

beforeAll(async () => {
  bindings["HOOK_URL"] = "https://hooks.example.com/secret";
  bindings["EMPTY_SECRET"] = "";
  bindings["OTHER_SECRET"] = "nobody names it";
  const credentials = Object.entries(CREDENTIALS).map(
    ([name, [provider, ref]]) => `  ${name}: { provider: ${provider}, ref: ${ref} }`,
  );
  await changeRules({ policies: {}, registry: `credentials:\n${credentials.join("\n")}\n` });
});

test("a credential stands for the variable that it names", async () => {
  expect(await portsOf(env).secret("hook")).toBe("https://hooks.example.com/secret");
});

test.each(["unset", "empty", "database", "inherited", "vaulted"])(
  "a credential that is %s stands for nothing",
  async (name) => {
    expect(await portsOf(env).secret(name)).toBeNull();
  },
);

test.each(["HOOK_URL", "OTHER_SECRET", "GATE_SECRET", "GATE_ADMIN_KEY", "constructor", "__proto__", ""])(
  "invariant 21: what no credential names is not to be had: %s",
  async (name) => {
    expect(await portsOf(env).secret(name)).toBeNull();
  },
);
