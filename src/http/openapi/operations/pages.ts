import { z } from "zod";
import { LIST_QUERY } from "../../api/shared/list-query-schema.ts";
import { MOVED, PAGE, text, type Operation, type RequestContent } from "../operation.ts";

const form = (more: z.ZodObject): RequestContent => ({
  type: "application/x-www-form-urlencoded",
  more,
  isRequired: true,
});

const DIGEST = z.string().describe("The intent digest that the page showed.");
const LINK = z.string().optional().describe("An approval link's token, in place of a session.");

type Page = Pick<Operation, "method" | "tag" | "access" | "replies">;

const page: Page = { method: "GET", tag: "Pages", access: "page", replies: { 200: PAGE, 302: MOVED } };
const action: Page = { method: "POST", tag: "Pages", access: "page", replies: { 303: MOVED } };

export const PAGE_OPERATIONS: readonly Operation[] = [
  {
    ...page,
    path: "/",
    id: "goToInbox",
    summary: "Go to the inbox",
    access: "public",
    replies: { 302: MOVED },
  },
  {
    ...page,
    path: "/gate.css",
    id: "getStyle",
    summary: "The pages' style",
    access: "public",
    replies: { 200: text("text/css", "The style.") },
  },
  {
    ...page,
    path: "/cases",
    id: "showInbox",
    summary: "The inbox",
    query: LIST_QUERY.extend({ order: z.enum(["soonest", "newest"]).optional() }),
  },
  { ...page, path: "/cases/decided", id: "showDecided", summary: "What was decided", query: LIST_QUERY },
  {
    ...page,
    path: "/cases/decided.csv",
    id: "exportDecided",
    summary: "What was decided, as a table",
    query: LIST_QUERY,
    replies: { 200: text("text/csv", "The table."), 302: MOVED },
  },
  { ...page, path: "/cases/:id", id: "showCase", summary: "A case" },
  {
    ...page,
    path: "/cases/:id/payload",
    id: "showPayload",
    summary: "A case's payload in full",
    query: z.object({ from: z.int().min(0).optional().describe("Where the part begins.") }),
  },
  { ...page, path: "/cases/:id/edit", id: "showEditForm", summary: "The form that edits a payload" },
  {
    ...page,
    path: "/case",
    id: "showLinkedCase",
    summary: "The case of an approval link",
    access: "public",
    query: z.object({ link: z.string().describe("The link's token.") }),
    replies: { 200: PAGE },
  },
  {
    ...action,
    path: "/cases/:id/approve",
    id: "approveOnPage",
    summary: "Approve on a page",
    request: form(z.object({ digest: DIGEST, comment: z.string().optional(), link: LINK })),
  },
  {
    ...action,
    path: "/cases/:id/reject",
    id: "rejectOnPage",
    summary: "Reject on a page",
    request: form(z.object({ digest: DIGEST, reason: z.string(), link: LINK })),
  },
  {
    ...action,
    path: "/cases/:id/edit",
    id: "editOnPage",
    summary: "Edit a payload on a page",
    request: form(z.object({ digest: DIGEST, reason: z.string(), payload: z.string() })),
  },
  {
    ...action,
    path: "/cases/batch",
    id: "decideBatchOnPage",
    summary: "Decide several cases on a page",
    request: form(z.object({}).catchall(z.string())),
    replies: { 200: PAGE },
  },
  {
    ...page,
    path: "/sign-in",
    id: "showSignIn",
    summary: "The page to sign in on",
    access: "public",
    query: z.object({ next: z.string().optional().describe("The path to go to afterwards.") }),
    replies: { 200: PAGE, 303: MOVED },
  },
  {
    ...action,
    path: "/sign-in",
    id: "signIn",
    summary: "Sign in with a key",
    access: "public",
    request: form(
      z.object({ key: z.string().optional(), person: z.string().optional(), next: z.string().optional() }),
    ),
  },
  { ...action, path: "/sign-out", id: "signOut", summary: "Sign out" },
  {
    ...page,
    path: "/sign-in/callback",
    id: "finishSignIn",
    summary: "Come back from a sign-in provider",
    access: "public",
    query: z.object({
      state: z.string().optional(),
      code: z.string().optional(),
      error: z.string().optional(),
    }),
    replies: { 200: PAGE },
  },
  {
    ...page,
    path: "/sign-in/:provider",
    id: "startSignIn",
    summary: "Go to a sign-in provider",
    access: "public",
    query: z.object({ next: z.string().optional().describe("The path to go to afterwards.") }),
    replies: { 302: MOVED },
  },
];
