/**
 * The allowed imports. Each wing is a list of rooms (layers), top storey first: a room may import itself, the rooms
 * below it, and the rooms of other wings that its wing names. Every other import is refused, type imports included. A
 * room is a folder or a file; a file belongs to the longest room that contains it.
 */
export interface Wing {
  readonly rooms: readonly string[];
  /** Rooms of other wings, with the folders inside them. */
  readonly imports: readonly string[];
  /** npm packages and platform modules; a name that ends in `:` allows every module of that scheme. */
  readonly packages: readonly string[];
  /** The rule in one sentence, as the lint message. */
  readonly rule: string;
}

const CORE: Wing = {
  rooms: [
    "src/core/presentation",
    "src/core/intent",
    "src/core/policy",
    "src/core/detection",
    "src/core/proposal",
    "src/core/outbound",
    "src/core/identity",
    "src/core/registry",
    "src/core/masking",
    "src/core/tlog",
    "src/core/ledger",
    "src/core/base",
  ],
  imports: [],
  packages: ["@noble/hashes", "@cfworker/json-schema", "character-entities", "character-entities-legacy"],
  rule: "core is pure: a room of core imports the rooms below it and nothing else",
};

const CONFIG: Wing = {
  rooms: ["src/config", "src/config/policy", "src/config/registry", "src/config/yaml"],
  imports: ["src/core"],
  packages: ["zod", "yaml", "re2js"],
  rule: "config reads YAML into core's types",
};

const PORTS: Wing = {
  rooms: ["src/ports"],
  imports: ["src/core"],
  packages: [],
  rule: "ports are types in terms of core",
};

const APP: Wing = {
  rooms: [
    "src/app/notifications",
    "src/app/execution",
    "src/app/proposals",
    "src/app/approvals",
    "src/app/identity",
    "src/app",
    "src/app/evaluation",
  ],
  imports: ["src/core", "src/ports"],
  packages: ["@noble/hashes", "jose"],
  rule: "use cases see core and ports: no door, no adapter, no framework",
};

const HTTP: Wing = {
  rooms: [
    "src/http",
    "src/http/openapi",
    "src/http/egress",
    "src/http/proxy",
    "src/http/callbacks",
    "src/http/sign-in",
    "src/http/pages/routes.ts",
    "src/http/pages/decided",
    "src/http/pages/inbox",
    "src/http/pages/link-page.ts",
    "src/http/pages/case",
    "src/http/pages/payload",
    "src/http/pages/payload",
    "src/http/pages",
    "src/http/api/admin",
    "src/http/api/approvals",
    "src/http/api/public",
    "src/http/api/intents",
    "src/http/api/executions",
    "src/http/api/shared",
    "src/http/middleware",
    "src/http/problem",
  ],
  imports: ["src/app", "src/core", "src/ports", ".generated/openapi.ts"],
  packages: ["hono", "zod", "@noble/hashes"],
  rule: "a door parses, authenticates, calls app and answers: it sees ports, never an adapter or another door",
};

const ADAPTERS: Wing = {
  rooms: [
    "src/adapters/objects",
    "src/adapters/oidc",
    "src/adapters/vault",
    "src/adapters/upstream",
    "src/adapters/signing",
    "src/adapters/d1",
    "src/adapters",
  ],
  imports: ["src/core", "src/ports"],
  packages: ["@noble/hashes", "aws4fetch", "jose", "oauth4webapi"],
  rule: "adapters put ports on the platform: they see core and ports",
};

const OBJECTS: Wing = {
  rooms: [
    "durable-objects/intent",
    "durable-objects/agent",
    "durable-objects/dispatch",
    "durable-objects/log",
    "durable-objects/database",
  ],
  imports: [
    "src/core",
    "src/ports",
    "src/adapters/d1/ledger.ts",
    "src/adapters/d1/log-rows.ts",
    "src/adapters/signing",
  ],
  packages: ["@noble/hashes", "cloudflare:", "node:crypto"],
  rule: "objects see core, ports, and the adapters of the ledger and of signing",
};

const ENTRYPOINTS: Wing = {
  rooms: ["src/index.ts", "src/entrypoints", "src/env.ts", "src/settings.ts"],
  imports: ["src", "durable-objects", "package.json", ".generated"],
  packages: ["cloudflare:"],
  rule: "entry points compose: bindings become ports in env.ts and nowhere else",
};

const VERIFIER: Wing = {
  rooms: ["verifier"],
  imports: ["src/core/base/digest.ts", "src/core/base/json.ts"],
  packages: ["@noble/hashes"],
  rule: "the verifier shares with the writer hashing and canonical JSON, and nothing else",
};

const SDK: Wing = {
  rooms: ["sdk"],
  imports: ["verifier"],
  packages: ["node:"],
  rule: "the SDK speaks HTTP: it imports nothing of the server, and its entry `verify` the verifier",
};

const COMMAND: Wing = {
  rooms: [
    "cli/entry.ts",
    "cli/main.ts",
    "cli/commands.ts",
    "cli/people",
    "cli/agents",
    "cli/webhooks",
    "cli/switches",
    "cli/vault",
    "cli/approvals",
    "cli/demo",
    "cli/serve",
    "cli",
  ],
  imports: ["src/core", "src/config", "verifier", "sdk"],
  packages: ["miniflare", "node:", "smol-toml", "zod"],
  rule: "the command speaks HTTP; offline it also uses core, config and the verifier",
};

export const WINGS: readonly Wing[] = [
  ENTRYPOINTS,
  HTTP,
  APP,
  ADAPTERS,
  OBJECTS,
  CONFIG,
  PORTS,
  CORE,
  VERIFIER,
  SDK,
  COMMAND,
];

/** The longest room that contains the file; null: no rule applies to it. */
export function roomOf(file: string): string | null {
  let found: string | null = null;
  for (const { rooms } of WINGS) {
    for (const room of rooms) {
      if (isWithin(file, room) && (found === null || room.length > found.length)) found = room;
    }
  }
  return found;
}

/** @returns the rule that the import breaks; null: none */
export function brokenWall(from: string, to: string): string | null {
  const fromRoom = roomOf(from);
  const wing = wingOf(fromRoom);
  if (fromRoom === null || wing === null) return null;
  const toRoom = roomOf(to);
  const isSameWing = toRoom !== null && wing.rooms.includes(toRoom);
  const allowed = isSameWing
    ? wing.rooms.indexOf(fromRoom) <= wing.rooms.indexOf(toRoom)
    : wing.imports.some((room) => isWithin(to, room));
  return allowed ? null : wing.rule;
}

/** @returns the rule that the import of a package or platform module breaks; null: none */
export function brokenPackageWall(from: string, name: string): string | null {
  const wing = wingOf(roomOf(from));
  if (wing === null) return null;
  const allowed = wing.packages.some((known) => {
    return known.endsWith(":") ? name.startsWith(known) : isWithin(name, known);
  });
  return allowed ? null : wing.rule;
}

function wingOf(room: string | null): Wing | null {
  return WINGS.find(({ rooms }) => room !== null && rooms.includes(room)) ?? null;
}

function isWithin(path: string, room: string): boolean {
  return path === room || path.startsWith(`${room}/`);
}
