import { isJsonObject, type JsonObject } from "../../src/core/base/json.ts";
import { member, numberMember, textMember } from "../../verifier/read-json.ts";
import { EXIT_FAILED, type CommandIo } from "../io.ts";
import { caseLines, fetchCase, type ApprovalCase } from "./case.ts";
import { payloadLines } from "./case-payload.ts";
import { wholeIds } from "./find.ts";
import { readApprovalOptions, SOME_IDS, type ApprovalOptions } from "./options.ts";
import { prompt, isYes } from "../prompt.ts";
import { Refused } from "../api.ts";
import { approvalServer, type ApprovalServer } from "./server.ts";
import { clipped } from "../sanitize-text.ts";

/** Payload lines shown before the prompt; `approvals show` has the rest. */
const PREVIEW_LINES = 12;

/** Cases fetched in parallel. */
const MAX_CONCURRENT = 6;

type Verb = "approve" | "reject";

/** `approvals approve`: shows each case, prompts once, and approves exactly the digests that were shown. */
export async function runApprove(args: readonly string[], io: CommandIo): Promise<number> {
  const options = readApprovalOptions(args, ["yes", "comment", "on-behalf-of"], SOME_IDS);
  const server = approvalServer(options.connection);
  const { open, isAll } = await shownCases(server, options, io);
  if (open.length === 0) return EXIT_FAILED;
  const these = open.length === 1 ? "Approve?" : `Approve these ${open.length}?`;
  if (!options.yes && !isYes(await prompt(`${these} [y/N] `))) {
    io.err("Nothing was approved.");
    return EXIT_FAILED;
  }
  const isDone = await decideAll(server, "approve", open, options.comment, options, io);
  return isDone && isAll ? 0 : EXIT_FAILED;
}

/** `approvals reject`: the same with a reason, for which it prompts when `--reason` is missing. */
export async function runReject(args: readonly string[], io: CommandIo): Promise<number> {
  const options = readApprovalOptions(args, ["reason", "on-behalf-of"], SOME_IDS);
  const server = approvalServer(options.connection);
  const { open, isAll } = await shownCases(server, options, io);
  if (open.length === 0) return EXIT_FAILED;
  const reason =
    options.reason?.trim() ||
    (await prompt("Reason for the rejection, which the agent reads (empty: do not reject): "));
  if (reason === "") {
    io.err("Nothing was rejected: a rejection needs a reason (--reason).");
    return EXIT_FAILED;
  }
  const isDone = await decideAll(server, "reject", open, reason, options, io);
  return isDone && isAll ? 0 : EXIT_FAILED;
}

/** Prints the cases, and returns those that can be decided. */
async function shownCases(server: ApprovalServer, options: ApprovalOptions, io: CommandIo) {
  const ids = await wholeIds(server, options.ids);
  const cases = await fetchAll(server, ids, io);
  const columns = process.stdout.columns || null;
  for (const found of cases) {
    io.out(
      [
        ...caseLines(found, Date.now(), columns),
        ...payloadLines(found.payload, columns, PREVIEW_LINES),
        "",
      ].join("\n"),
    );
  }
  const open = cases.filter((found) => blockerOf(found) === null);
  for (const found of cases) {
    const blocker = blockerOf(found);
    if (blocker !== null) io.err(`${found.id} ${blocker}`);
  }
  return { open, isAll: open.length === ids.length };
}

function blockerOf({ state, isIntact }: ApprovalCase): string | null {
  if (state !== "pending_approval") return `does not wait for a decision: it is ${clipped(state, 40)}.`;
  return isIntact ? null : "can't be decided: the payload from the server does not match its digest.";
}

async function fetchAll(
  server: ApprovalServer,
  ids: readonly string[],
  io: CommandIo,
): Promise<readonly ApprovalCase[]> {
  const cases: ApprovalCase[] = [];
  for (let at = 0; at < ids.length; at += MAX_CONCURRENT) {
    const some = ids.slice(at, at + MAX_CONCURRENT).map(async (id) => {
      try {
        return [await fetchCase(server, id)];
      } catch (error) {
        if (!(error instanceof Refused)) throw error;
        io.err(`${id}: ${error.message}`);
        return [];
      }
    });
    cases.push(...(await Promise.all(some)).flat());
  }
  return cases;
}

/** Votes on every case and prints the results; true: the server accepted every vote. */
async function decideAll(
  server: ApprovalServer,
  verb: Verb,
  cases: readonly ApprovalCase[],
  reason: string | null,
  { onBehalfOf }: ApprovalOptions,
  io: CommandIo,
): Promise<boolean> {
  const body: JsonObject = {
    ...(reason === null ? {} : { reason }),
    ...(onBehalfOf === null ? {} : { on_behalf_of_principal: onBehalfOf }),
  };
  const results = await castVotes(server, verb, cases, body);
  for (const result of results) {
    const { words, isAccepted } = resultText(verb, result);
    if (isAccepted) io.out(words);
    else io.err(words);
  }
  return results.length === cases.length && results.every((result) => resultText(verb, result).isAccepted);
}

async function castVotes(
  server: ApprovalServer,
  verb: Verb,
  cases: readonly ApprovalCase[],
  body: JsonObject,
): Promise<readonly JsonObject[]> {
  const [only, ...others] = cases;
  if (only === undefined) return [];
  if (others.length > 0) {
    return server.batch(cases.map(({ id, digest }) => ({ intentId: id, decision: verb, digest, ...body })));
  }
  try {
    return [await server.decide(only.id, verb, { digest: only.digest, ...body })];
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    return [{ intentId: only.id, ok: false, problem: { detail: error.message, code: error.code } }];
  }
}

function resultText(
  verb: Verb,
  result: JsonObject,
): { readonly words: string; readonly isAccepted: boolean } {
  const id = clipped(textMember(result, "intentId") ?? "?", 64);
  const problem = member(result, "problem");
  if (isJsonObject(problem) || member(result, "ok") === false) {
    const detail = isJsonObject(problem) ? textMember(problem, "detail") : null;
    return {
      words: `${id}: not ${verb === "approve" ? "approved" : "rejected"}: ${clipped(detail ?? "refused", 300)}`,
      isAccepted: false,
    };
  }
  const state = textMember(result, "state") ?? textMember(result, "status") ?? "?";
  if (state !== "pending_approval") return { words: `${id}: ${clipped(state, 40)}`, isAccepted: true };
  const [votes, required] = [numberMember(result, "votes"), numberMember(result, "requiredApprovals")];
  const counted = votes === null ? "" : ` (${votes} of ${required ?? "?"})`;
  return { words: `${id}: your vote is recorded${counted}, and it waits for others`, isAccepted: true };
}
