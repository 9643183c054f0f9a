/** A registry with every key that is about destinations. */
export const FULL = `unbound_destinations: block
people:
  ana: { name: Ana Diaz, email: Ana@Example.com }
  ben: { name: Ben }
groups: { finance: [ana, ben] }
runners: { vpc-1: { description: ours } }
credentials: { stripe: { ref: env://STRIPE_KEY } }
destinations:
  stripe.refund:
    policies: [pay, pay]
    risk_weight: 40
    records: $.lines
    amount: { path: lines.amount, unit: minor, currency: { path: currency } }
    recipients: lines.to
    executor: gate
    credential: stripe
    upstream: https://api.stripe.com/
    prefix: /stripe
    reads: [{ method: GET, path: /v1/* }]
    idempotent: true
    claim: required
  zendesk.reply: { policies: [support], records: single, runners: [vpc-1] }
`;

/** Registries with a mistake, and the expected message. */
export const INVALID_REGISTRIES: readonly (readonly [string, string, RegExp])[] = [
  ["an unknown key", "destination: {}", /did you mean `destinations`/],
  ["a destination named like a prototype", "destinations: { __proto__: {} }", /unknown key `__proto__`/],
  ["a person named like a prototype", "people: { __proto__: { name: A } }", /unknown key `__proto__`/],
  ["a destination that is none", 'destinations: { "a b": {} }', /`a b` must be a destination such as/],
  ["an unknown key of a destination", "destinations: { a.b: { policy: [x] } }", /did you mean `policies`/],
  ["a policy that is no name", 'destinations: { a.b: { policies: ["../x"] } }', /lower-case/],
  ["a policy list that is text", "destinations: { a.b: { policies: crm } }", /write \[crm\]/],
  ["a weight over one hundred", "destinations: { a.b: { risk_weight: 101 } }", /at most 100/],
  ["a fraction as weight", "destinations: { a.b: { risk_weight: 0.35 } }", /whole number/],
  ["a broken path", 'destinations: { a.b: { records: "$[" } }', /path can't be used/],
  ["an unknown person in a group", "groups: { g: [ana] }", /no person `ana`/],
  ["a group named like a person", "people: { a: { name: A } }\ngroups: { a: [a] }", /names must differ/],
  ["an unknown runner", "destinations: { a.b: { runners: [x] } }", /no runner `x`/],
  ["an unknown credential", "destinations: { a.b: { credential: x } }", /no credential of this name/],
  ["a secret instead of a reference", "credentials: { x: sk_live_1 }", /never stands here/],
  ["an e-mail that is none", "people: { a: { name: A, email: a } }", /e-mail address/],
  ["a prefix without an upstream", "destinations: { a.b: { prefix: /x } }", /there is none/],
  [
    "an executor without an upstream",
    "destinations: { a.b: { executor: gate } }",
    /sends to an upstream, and there is none/,
  ],
  ["two destinations at one prefix", upstreams("/x", "/x"), /is the prefix of a\.b already/],
  ["Gate's own path as a prefix", upstreams("/v1/x", "/y"), /Gate's own/],
  ["a prefix that climbs", upstreams("/../x", "/y"), /such as \/sfdc/],
  ["plain http", upstream("http://api.example.com"), /must be https/],
  ["a loopback address", upstream("https://127.0.0.1"), /allow_private/],
  ["loopback in decimal", upstream("https://2130706433"), /allow_private/],
  ["loopback in octal", upstream("https://0177.0.0.1"), /allow_private/],
  ["loopback in hexadecimal", upstream("https://0x7f000001"), /allow_private/],
  ["loopback in IPv6", upstream("https://[::1]"), /allow_private/],
  ["mapped loopback", upstream("https://[::ffff:127.0.0.1]"), /allow_private/],
  ["the metadata address", upstream("https://169.254.169.254"), /allow_private/],
  ["localhost by name", upstream("https://localhost"), /allow_private/],
  ["localhost with a dot", upstream("https://localhost."), /allow_private/],
  ["full-width digits", upstream("https://１２７.0.0.1"), /allow_private/],
  ["credentials in a URL", upstream("https://user:pw@api.example.com"), /must not hold credentials/],
  ["a query in a URL", upstream("https://api.example.com/?a=1"), /query/],
  ["no URL", upstream("api.example.com"), /must be a URL/],
  ["a read path that climbs", reads("/v1/../x"), /plain path/],
  ["a read path with an encoded slash", reads("/v1%2fx"), /plain path/],
  ["a read path with parameters", reads("/v1/x;y"), /plain path/],
  ["a read path beyond ASCII", reads("/v1/é"), /plain path/],
  ["a wildcard in the middle", reads("/v1/*/x"), /only at its end/],
  ["a path of an upstream that hides a slash", upstream("https://api.example.com/a%2fb"), /plain path/],
];

function upstream(url: string): string {
  return `destinations: { a.b: { upstream: "${url}" } }`;
}

function upstreams(first: string, second: string): string {
  const entry = (prefix: string) => `{ upstream: "https://api.example.com", prefix: ${prefix} }`;
  return `destinations: { a.b: ${entry(first)}, c.d: ${entry(second)} }`;
}

function reads(path: string): string {
  return `destinations: { a.b: { upstream: "https://api.example.com", reads: [{ method: GET, path: "${path}" }] } }`;
}

/** A policy and a registry that are right each by itself and not together. */
export const CONTRADICTIONS: readonly (readonly [string, string, string, RegExp])[] = [
  [
    "a bound policy that does not exist",
    "id: pay\ndestinations: [a.b]",
    "destinations: { a.b: { policies: [pya] } }",
    /gate.yaml:1:35: there is no policy `pya`; did you mean `pay`/,
  ],
  [
    "a bound policy that does not list the destination",
    "id: pay\ndestinations: [c.d]",
    "destinations: { a.b: { policies: [pay] } }",
    /does not list a\.b/,
  ],
  [
    "two executors",
    "id: pay\ndestinations: [a.b]\nexecution: runner",
    "destinations: { a.b: { policies: [pay], executor: external_pull } }",
    /the destination says external_pull/,
  ],
  [
    "an executor that has nowhere to send",
    "id: pay\ndestinations: [a.b]\nexecution: gate",
    "destinations: { a.b: { policies: [pay] } }",
    /gate\.yaml:1:\d+: the policy pay says execution: gate, and there is no upstream/,
  ],
  [
    "another executor than a prefix means",
    "id: pay\ndestinations: [a.b]\nexecution: runner",
    "destinations: { a.b: { policies: [pay], upstream: https://api.example.com, prefix: /x } }",
    /the policy pay says execution: runner, and the destination says forward/,
  ],
  [
    "another executor than a template means",
    "id: pay\ndestinations: [a.b]\nexecution: forward",
    "destinations: { a.b: { policies: [pay], upstream: https://api.example.com, execute: { method: POST, path: /x } } }",
    /the policy pay says execution: forward, and the destination says gate/,
  ],
  [
    "an unknown group",
    "id: pay\ndestinations: [a.b]\napprovers: { groups: [finanse] }",
    "people: { ana: { name: Ana } }\ngroups: { finance: [ana] }",
    /pay.yaml:3:23: gate.yaml has no group `finanse`; did you mean `finance`/,
  ],
  [
    "an unknown owner",
    "id: pay\ndestinations: [a.b]\nowner: nobody",
    "people: { ana: { name: Ana } }",
    /no person or group `nobody`/,
  ],
  [
    "a quorum larger than its groups",
    "id: pay\ndestinations: [a.b]\napprovers: { groups: [finance], require: 2 }",
    "people: { ana: { name: Ana } }\ngroups: { finance: [ana] }",
    /2 must approve, and only 1 are named/,
  ],
  [
    "more rejections than its groups have people",
    "id: pay\ndestinations: [a.b]\napprovers: { groups: [finance], rejections: 2 }",
    "people: { ana: { name: Ana } }\ngroups: { finance: [ana] }",
    /pay.yaml:3:\d+: 2 must reject, and only 1 are named/,
  ],
];
