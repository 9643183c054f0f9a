import { describe, expect, test } from "vitest";
import { placesOf, rewriteAddresses, type AddressRewrite } from "../../../../src/core/outbound/addresses.ts";
import { parseRegistry } from "../../../../src/config/registry/parse.ts";

const REGISTRY = parseRegistry(
  "gate.yaml",
  `
destinations:
  crm.items: { policies: [held], upstream: "https://api.example.com", prefix: /crm }
  crm.auto: { policies: [passes], upstream: "https://api.example.com", prefix: /auto }
  crm.refunds: { policies: [held], upstream: "https://api.example.com/v1/refunds", prefix: /refunds }
  crm.made: { policies: [held], upstream: "https://api.example.com", credential: up, execute: { method: POST, path: /v1/x } }
  other.port: { policies: [held], upstream: "https://api.example.com:8443/base", prefix: /port }
  local.plain: { policies: [held], upstream: "http://127.0.0.1:8080", prefix: /local, allow_private: true }
credentials: { up: { ref: env://UP } }
`,
);
if (!REGISTRY.ok) throw new Error(JSON.stringify(REGISTRY.error));
const { destinations } = REGISTRY.value;

function through(name: string, requested = "https://api.example.com/v1/items?page=1"): AddressRewrite {
  const entry = destinations.get(name);
  if (entry === undefined) throw new Error(name);
  return { requested, places: placesOf(entry, destinations.values()), origin: "https://gate.test" };
}

const UP = "https://api.example.com";

describe("an upstream's own address in a header leads through Gate", () => {
  test.for<readonly [name: string, value: string, atGate: string]>([
    ["location", `${UP}/v1/items/7`, "/auto/v1/items/7"],
    ["location", "/v1/items/7?a=1#b", "/auto/v1/items/7?a=1#b"],
    ["location", "items/7", "/auto/v1/items/7"],
    ["location", "?page=2", "/auto/v1/items?page=2"],
    ["location", "//api.example.com/x", "/auto/x"],
    ["location", "http://api.example.com/x", "/auto/x"],
    ["location", "HTTPS://API.Example.com./x", "/auto/x"],
    ["location", `${UP}`, "/auto/"],
    ["content-location", `${UP}/v1/items/7`, "/auto/v1/items/7"],
    ["operation-location", "/ops/1", "https://gate.test/auto/ops/1"],
    ["azure-asyncoperation", `${UP}/ops/1?api-version=1`, "https://gate.test/auto/ops/1?api-version=1"],
    ["sourcemap", "/main.js.map", "https://gate.test/auto/main.js.map"],
    ["x-sourcemap", `${UP}/main.js.map`, "https://gate.test/auto/main.js.map"],
    ["refresh", `5; url=${UP}/done`, "5; url=https://gate.test/auto/done"],
    ["refresh", '5;URL="/done"', '5;URL="https://gate.test/auto/done"'],
    ["refresh", "5", "5"],
    [
      "link",
      `<${UP}/v1/items?page=2>; rel="next", <${UP}/v1/items?page=9>; rel="last"`,
      '<https://gate.test/auto/v1/items?page=2>; rel="next", <https://gate.test/auto/v1/items?page=9>; rel="last"',
    ],
    ["link", '</v1/items?page=2>; rel="next"', '<https://gate.test/auto/v1/items?page=2>; rel="next"'],
    [
      "link",
      `<?page=2>; rel=next; anchor="${UP}/x"`,
      '<https://gate.test/auto/v1/items?page=2>; rel=next; anchor="https://gate.test/auto/x"',
    ],
    ["link", '<https://docs.example.org/a,b;c>; rel="help"', '<https://docs.example.org/a,b;c>; rel="help"'],
    ["x-next-page", `${UP}/v1/items?page=2`, "https://gate.test/auto/v1/items?page=2"],
    ["x-goog-upload-url", `${UP}/upload?id=1`, "https://gate.test/auto/upload?id=1"],
    [
      "x-pagination",
      `{"next":"${UP}/v1/items?page=2","n":1}`,
      '{"next":"https://gate.test/auto/v1/items?page=2","n":1}',
    ],
    [
      "x-pagination",
      String.raw`{"next":"https:\/\/api.example.com\/v1"}`,
      '{"next":"https://gate.test/auto/v1"}',
    ],
    [
      "www-authenticate",
      `Bearer resource_metadata="${UP}/.well-known/x", error="y"`,
      'Bearer resource_metadata="https://gate.test/auto/.well-known/x", error="y"',
    ],
  ])("%s: %s is %s", ([name, value, atGate]) => {
    expect(rewriteAddresses([[name, value]], through("crm.auto"))).toEqual([[name, atGate]]);
  });

  test.for<readonly [name: string, value: string]>([
    ["location", "https://elsewhere.example.com/v1/items"],
    ["location", "https://api.example.com.evil.example/v1"],
    ["location", "https://api.example.com:444/v1"],
    ["link", '<https://elsewhere.example.com/v1>; rel="next"'],
    ["x-next-page", "https://evil.example/?to=api.example.com"],
    ["etag", `"${UP}/v1"`],
    ["location", "mailto:ana@api.example.com"],
    ["location", "#here"],
  ])("another's %s: %s stays as it came", ([name, value]) => {
    expect(rewriteAddresses([[name, value]], through("crm.auto"))).toEqual([[name, value]]);
  });

  test("a reference that is none is dropped", () => {
    expect(rewriteAddresses([["location", "https://"]], through("crm.auto"))).toEqual([]);
  });
});

describe("an address is mapped to the entry that the request came through", () => {
  test.for<readonly [entry: string, address: string, atGate: string]>([
    ["crm.auto", `${UP}/items/7`, "/auto/items/7"],
    ["crm.items", `${UP}/items/7`, "/crm/items/7"],
    ["crm.auto", `${UP}/v1/refunds/7`, "/auto/v1/refunds/7"],
    ["crm.refunds", `${UP}/v1/refunds/7`, "/refunds/7"],
    // Where it doesn't cover the address, the entry with the longest path does.
    ["crm.refunds", `${UP}/v1/refundsx`, "/crm/v1/refundsx"],
    ["crm.made", `${UP}/v1/refunds/7`, "/refunds/7"],
    ["other.port", `${UP}:8443/base/x`, "/port/x"],
    ["other.port", `${UP}:8443/other`, `${UP}:8443/other`],
    ["local.plain", "http://127.0.0.1:8080/x", "/local/x"],
  ])("through %s, %s is %s", ([name, address, atGate]) => {
    expect(rewriteAddresses([["location", address]], through(name))).toEqual([["location", atGate]]);
  });

  test("nothing is rewritten where the agent uses the provider's own addresses", () => {
    const headers = [["link", `<${UP}/a>; rel=next`] as const];
    expect(rewriteAddresses(headers, { ...through("crm.auto"), places: [] })).toEqual(headers);
  });
});
