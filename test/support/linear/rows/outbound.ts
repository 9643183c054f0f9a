import { rewriteAddresses } from "../../../../src/core/outbound/addresses.ts";
import { holdsAgentCredential, isAgentCredential } from "../../../../src/core/outbound/agent-credentials.ts";
import { credentialIdentity } from "../../../../src/core/outbound/credential-identity.ts";
import {
  combined,
  isHeaderName,
  isHeaderValue,
  namedInConnection,
  type Header,
} from "../../../../src/core/outbound/header-names.ts";
import { headerSecrets } from "../../../../src/core/outbound/header-secrets.ts";
import { headersForDigest, holdsGateKey, outboundHeaders } from "../../../../src/core/outbound/headers.ts";
import { writeForDigest, writeForRepeat } from "../../../../src/core/outbound/http-write.ts";
import { inject } from "../../../../src/core/outbound/inject.ts";
import { injectCredential, injectionProblem } from "../../../../src/core/outbound/inject-and-mask.ts";
import {
  choosesOperation,
  isOperationsPath,
  lenientPairs,
  queryChoosesOperation,
} from "../../../../src/core/outbound/operation-names.ts";
import {
  fillTemplate,
  parsePathTemplate,
  readsPayload,
} from "../../../../src/core/outbound/path-template.ts";
import { canonicalPath, pathBelow } from "../../../../src/core/outbound/path.ts";
import { bodyChoosesOperation } from "../../../../src/core/outbound/read-body.ts";
import { isRead } from "../../../../src/core/outbound/reads.ts";
import {
  isListable,
  isOverride,
  mayChangeRead,
  meaningOf,
  unlistedHeaders,
} from "../../../../src/core/outbound/request-header-table.ts";
import { decodingOf, responseHeaders, responseStatusText } from "../../../../src/core/outbound/response.ts";
import { leaksGateKey, targetOf } from "../../../../src/core/outbound/target.ts";
import { FORM_SHAPES, JSON_SHAPES, MULTIPART_SHAPES } from "../grammars.ts";
import { row } from "../row.ts";
import { bytesOf, many, mapped, shape, shapesOf } from "../shapes.ts";

const OUTBOUND = "src/core/outbound";

/** Headers have a limit of 32 KiB together; what is steep shows below it. */
const SIZE = 80;

const PATHS = shapesOf(
  [
    "/",
    "a",
    ".",
    "..",
    "%",
    "%2F",
    "%2e",
    "%41",
    "%25",
    "%C0",
    "%E2%82%AC",
    ";",
    "\\",
    "?",
    "&",
    "=",
    "#",
    "@",
    "*",
    "{",
    "}",
    "{payload.a}",
    "_method=",
    "gate_sk_",
    "gate_sk_0000000",
    "[",
    "+",
    "é",
  ],
  [
    shape("segments", (size) => "/a".repeat(size)),
    shape("parameters", (size) => `/a?${many(size, (index) => `a${index}=1&`)}`),
    shape("placeholders", (size) => `/a?${many(size, (index) => `a${index}={payload.a}&`)}x=1`),
  ],
);
const URLS = mapped(PATHS, (text) => `/${text}`);

const VALUES = shapesOf(
  [
    "a",
    ",",
    ";",
    " ",
    "\t",
    '"',
    "\\",
    "=",
    ":",
    "token=",
    "basic ",
    "bearer ",
    "gate_sk_",
    "YTpi",
    "wait",
    "no-cache",
    "gzip",
    "private",
    "host=",
    "https://",
    "https:\\/\\/a.example",
    "<",
    ">",
    "1",
    "-",
    "\u0001",
    "é",
  ],
  [shape("a long basic pair", (size) => `basic ${btoa("a:".repeat(size))}`)],
);
/** One header of a long value, and many short ones. */
const HEADERS = [
  ...[
    "authorization",
    "content-type",
    "connection",
    "prefer",
    "forwarded",
    "cache-control",
    "content-encoding",
    "link",
    "refresh",
    "location",
    "x-a",
  ].flatMap((name) => mapped(VALUES, (value): readonly Header[] => [[name, value]])),
  shape("many headers", (size): readonly Header[] =>
    Array.from({ length: size }, (_, index) => [`x-${index}`, "a"]),
  ),
  shape("many signatures", (size): readonly Header[] =>
    Array.from({ length: size }, (_, index) => [
      `x-${index}-${index % 2 === 0 ? "signature" : "token"}`,
      "a",
    ]),
  ),
  shape("one header many times", (size): readonly Header[] =>
    Array.from({ length: size }, () => ["x-a", "a"]),
  ),
  shape("many options of a connection", (size): readonly Header[] =>
    Array.from({ length: size }, (_, index) => ["connection", `x-${index}`]),
  ),
];

const SECRET = "sk_live_4eC39HqLyjWDarjtT1";
const RULES = {
  gateHeaders: ["authorization", "x-api-key"],
  injection: { in: "header", name: "authorization" },
  listed: ["x-a"],
  dropped: ["x-b"],
  hosts: ["a.example"],
} as const;
const REWRITE = {
  requested: "https://a.example/x",
  places: [{ upstream: "https://a.example", prefix: "/a" }],
  origin: "https://gate.example",
};
const BODIES = [
  ...mapped(JSON_SHAPES, (text) => ({ text, type: "application/json" })),
  ...mapped(FORM_SHAPES, (text) => ({ text, type: "application/x-www-form-urlencoded" })),
  ...mapped(MULTIPART_SHAPES, (text) => ({ text, type: "multipart/form-data; boundary=b" })),
];

export const OUTBOUND_ROWS = [
  row(`${OUTBOUND}/path.ts#canonicalPath`, URLS, (path) => [canonicalPath(path), pathBelow("/a", path)], {
    inside: [`${OUTBOUND}/path.ts#pathBelow`],
  }),
  row(
    `${OUTBOUND}/target.ts#targetOf`,
    URLS,
    (path) => [targetOf("/a", "https://a.example", path), leaksGateKey(path)],
    {
      inside: [`${OUTBOUND}/target.ts#leaksGateKey`],
    },
  ),
  row(`${OUTBOUND}/reads.ts#isRead`, URLS, (path) =>
    isRead({ method: "GET", path, query: path, hasBody: false }, [{ method: "GET", path: "/a*" }]),
  ),
  row(
    `${OUTBOUND}/path-template.ts#parsePathTemplate`,
    URLS,
    (path) => {
      const template = parsePathTemplate(path);
      return template.ok && [readsPayload(template.value), fillTemplate(template.value, { a: path }, {})];
    },
    { inside: [`${OUTBOUND}/path-template.ts#readsPayload`, `${OUTBOUND}/path-template.ts#fillTemplate`] },
  ),
  row(`${OUTBOUND}/headers.ts#outboundHeaders`, HEADERS, (headers) => outboundHeaders(headers, RULES), {
    size: SIZE,
    inside: [
      `${OUTBOUND}/header-names.ts#namedInConnection`,
      `${OUTBOUND}/header-names.ts#combined`,
      `${OUTBOUND}/header-names.ts#withDashes`,
      `${OUTBOUND}/request-header-table.ts#meaningOf`,
    ],
  }),
  row(`${OUTBOUND}/headers.ts#headersForDigest`, HEADERS, (headers) => headersForDigest(headers, null), {
    size: SIZE,
  }),
  row(`${OUTBOUND}/headers.ts#holdsGateKey`, VALUES, holdsGateKey),
  row(
    `${OUTBOUND}/header-names.ts#isHeaderName`,
    VALUES,
    (text) => [
      isHeaderName(text),
      isHeaderValue(text),
      isOverride(text),
      isAgentCredential(text),
      holdsAgentCredential(text),
      isListable(text),
      meaningOf("forwarded", text, ["a.example"]),
      meaningOf(text, text),
      unlistedHeaders([[text, text]], ["x-a"]),
      mayChangeRead([["prefer", text]], []),
      combined([[text, text]]),
      namedInConnection([["connection", text]]),
    ],
    {
      inside: [
        "header-names.ts#isHeaderValue",
        "request-header-table.ts#isOverride",
        "request-header-table.ts#isListable",
        "request-header-table.ts#unlistedHeaders",
        "request-header-table.ts#mayChangeRead",
        "agent-credentials.ts#isAgentCredential",
        "agent-credentials.ts#holdsAgentCredential",
      ].map((each) => `${OUTBOUND}/${each}`),
    },
  ),
  row(`${OUTBOUND}/addresses.ts#rewriteAddresses`, HEADERS, (headers) => rewriteAddresses(headers, REWRITE), {
    size: SIZE,
  }),
  row(
    `${OUTBOUND}/operation-names.ts#queryChoosesOperation`,
    URLS,
    (url) => [
      queryChoosesOperation("/graphql", url),
      isOperationsPath(url, "POST"),
      choosesOperation(url, url),
      [...lenientPairs(url)],
    ],
    {
      inside: ["isOperationsPath", "choosesOperation", "lenientPairs"].map(
        (name) => `${OUTBOUND}/operation-names.ts#${name}`,
      ),
    },
  ),
  row(`${OUTBOUND}/read-body.ts#bodyChoosesOperation`, BODIES, ({ text, type }) =>
    bodyChoosesOperation(type, bytesOf(text)),
  ),
  row(`${OUTBOUND}/credential-identity.ts#credentialIdentity`, HEADERS, credentialIdentity, { size: SIZE }),
  row(`${OUTBOUND}/header-secrets.ts#headerSecrets`, HEADERS, headerSecrets, { size: SIZE }),
  row(
    `${OUTBOUND}/http-write.ts#writeForDigest`,
    HEADERS,
    (headers) => {
      const write = {
        method: "POST",
        url: "https://a.example/",
        headers,
        slot: null,
        idempotencyHeader: null,
      };
      return [writeForDigest(write), writeForRepeat(write)];
    },
    { inside: [`${OUTBOUND}/http-write.ts#writeForRepeat`] },
  ),
  row(
    `${OUTBOUND}/response.ts#responseHeaders`,
    HEADERS,
    (headers) => [
      responseHeaders(headers, null),
      decodingOf(200, headers),
      responseStatusText(headers[0]?.[1] ?? "", null),
    ],
    { inside: [`${OUTBOUND}/response.ts#decodingOf`, `${OUTBOUND}/response.ts#responseStatusText`] },
  ),
  row(`${OUTBOUND}/inject.ts#inject`, URLS, (url) =>
    inject({ url, headers: [] }, { kind: "query", name: "key" }, SECRET),
  ),
  row(
    `${OUTBOUND}/inject-and-mask.ts#injectCredential`,
    VALUES,
    (secret) => {
      const injection = { kind: "header", name: "authorization", format: "Basic {secret}" } as const;
      return [
        injectCredential({ url: "https://a.example/", headers: [] }, injection, secret),
        injectionProblem(injection, secret),
      ];
    },
    { inside: [`${OUTBOUND}/inject-and-mask.ts#injectionProblem`], size: 200 },
  ),
];
