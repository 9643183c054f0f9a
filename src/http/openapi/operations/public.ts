import { z } from "zod";
import { CONSISTENCY, INCLUSION, LOG_HEALTH } from "../../api/public/log-schema.ts";
import { A2H_DISCOVERY, DISCOVERY, FEED, HEALTH, JWKS } from "../../api/public/public-schema.ts";
import { ADMIN, EVERY_ROLE, json, text, type Operation } from "../operation.ts";

/** As many digits as a double holds exactly. */
const WHOLE = z.int().min(0).max(999_999_999_999_999);

const NOTE = text("text/plain", "A signed checkpoint, as a C2SP note.");

export const PUBLIC_OPERATIONS: readonly Operation[] = [
  {
    method: "GET",
    path: "/health",
    id: "getHealth",
    tag: "Public",
    summary: "Is Gate up?",
    access: "public",
    replies: { 200: json(HEALTH, "Yes.") },
  },
  {
    method: "GET",
    path: "/.well-known/gate",
    id: "discover",
    tag: "Public",
    summary: "Discover a deployment",
    access: "public",
    replies: { 200: json(DISCOVERY, "Its version, paths, limits and log.") },
  },
  {
    method: "GET",
    path: "/.well-known/a2h",
    id: "discoverA2h",
    tag: "Public",
    summary: "Discover a deployment in the words of A2H",
    description: "404 unless `GATE_A2H_COMPAT` is `true`.",
    access: "public",
    replies: { 200: json(A2H_DISCOVERY, "What it supports.") },
    problems: { 404: ["not_found"] },
  },
  {
    method: "GET",
    path: "/.well-known/jwks.json",
    id: "getKeys",
    tag: "Public",
    summary: "Read Gate's public keys",
    access: "public",
    replies: { 200: json(JWKS, "Every key that ever signed an order or a checkpoint.") },
  },
  {
    method: "GET",
    path: "/openapi.json",
    id: "getDocument",
    tag: "Public",
    summary: "Read this document",
    access: "public",
    replies: {
      200: json(z.record(z.string(), z.unknown()), "OpenAPI 3.1."),
      304: { description: "The client's copy is the current one.", content: {} },
    },
  },
  {
    method: "GET",
    path: "/docs",
    id: "getReference",
    tag: "Public",
    summary: "Read this document as a page",
    access: "public",
    replies: { 200: text("text/html", "The reference.") },
  },
  {
    method: "GET",
    path: "/v1/public/feed",
    id: "getFeed",
    tag: "Public",
    summary: "Read the newest intents without personal data",
    description: "404 unless the operator publishes the feed.",
    access: "public",
    replies: { 200: json(FEED, "At most 50.") },
    problems: { 404: ["not_found"] },
  },
  {
    method: "GET",
    path: "/log/checkpoint",
    id: "getCheckpoint",
    tag: "Log",
    summary: "Read the last checkpoint",
    access: "public",
    replies: { 200: NOTE },
    problems: { 503: ["log_unavailable"] },
  },
  {
    method: "GET",
    path: "/log/proof/consistency",
    id: "getConsistencyProof",
    tag: "Log",
    summary: "Prove that one checkpoint extends another",
    access: "public",
    query: z.object({
      old: WHOLE.describe("The earlier size."),
      new: WHOLE.optional().describe("The later size; the last checkpoint's if absent."),
    }),
    replies: { 200: json(CONSISTENCY, "The proof.") },
    problems: { 400: ["invalid_request"], 404: ["not_sealed"] },
  },
  {
    method: "GET",
    path: "/log/proof/inclusion",
    id: "getInclusionProof",
    tag: "Log",
    summary: "Prove that an entry is in the log",
    description: "By `intent` and `seq`; auditors and admins by `index` as well.",
    access: EVERY_ROLE,
    query: z.object({
      intent: z.string().optional().describe("An intent's id, or another chain's name."),
      seq: WHOLE.optional(),
      index: WHOLE.optional(),
      size: WHOLE.optional().describe("Of the tree; the last checkpoint's if absent."),
    }),
    replies: { 200: json(INCLUSION, "The proof.") },
    problems: {
      400: ["invalid_request"],
      403: ["forbidden"],
      404: ["intent_not_found", "not_sealed"],
    },
  },
  {
    method: "GET",
    path: "/log/entries",
    id: "listEntries",
    tag: "Log",
    summary: "Read the log's entries",
    access: ["auditor", "admin"],
    query: z.object({
      from: WHOLE.optional().describe("Index of the first; 0 if absent."),
      limit: WHOLE.min(1).optional().describe("At most 1,000 are returned."),
    }),
    replies: {
      200: text("application/x-ndjson", "One JSON object a line: `index` and `entry`.", {
        "X-Log-Next": "`from` of the next page; equal to `from` while there are no more.",
      }),
    },
    problems: { 400: ["invalid_request"] },
  },
  {
    method: "GET",
    path: "/log/health",
    id: "getLogHealth",
    tag: "Log",
    summary: "Read how far sealing is",
    access: ["auditor", "admin"],
    query: z.object({
      seal: z
        .enum(["true", "false"])
        .optional()
        .describe("`false`: seal nothing, and read only. `true` if absent."),
    }),
    replies: { 200: json(LOG_HEALTH, "How far it is, and what stopped it.") },
    problems: { 400: ["invalid_request"] },
  },
  {
    method: "POST",
    path: "/log/seal",
    id: "sealLog",
    tag: "Log",
    summary: "Seal all entries now",
    access: ADMIN,
    replies: { 200: NOTE },
    problems: { 409: ["log_stopped"], 503: ["log_unavailable"] },
  },
];
