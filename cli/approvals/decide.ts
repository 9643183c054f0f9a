import { isJsonObject, type JsonObject } from "../../src/core/base/json.ts";
import { member, numberMember, textMember } from "../../verifier/read-json.ts";
import { EXIT_FAILED, type CommandIo, type ExitCode } from "../io.ts";
import { caseLines, fetchCase, type ApprovalCase } from "./case.ts";
import { payloadLines } from "./case-payload.ts";
import { wholeIds } from "./find.ts";
import { readApprovalOptions, SOME_IDS, type ApprovalOptions } from "./options.ts";
import { prompt, isYes } from "../prompt.ts";
import { Refused } from "../api.ts";
import { approvalServer, type ApprovalServer } from "./server.ts";
import { clipped, visibleJson } from "../sanitize-text.ts";
import { UsageError } from "../usage.ts";

/** Payload lines shown before the prompt; `approvals show` has the rest. */
const PREVIEW_LINES = 12;

/** Cases fetched in parallel. */
const MAX_CONCURRENT = 6;

type Verb = "approve" | "reject";

/** `approvals approve`: shows each case, prompts once, and approves exactly the digests that were shown. */
export async function runApprove(args: readonly string[], io: CommandIo): Promise<number> {
  const options = readApprovalOptions(args, ["yes", "comment", "on-behalf-of", "json"], SOME_IDS);
  if (options.json && !options.yes) {
    throw new UsageError("--json shows no case to confirm: pass --yes as well");
  }
  const server = approvalServer(options.connection);
  const shown = await shownCases(server, options, io);
  const { open } = shown;
  if (open.length === 0) return nothingOpen(shown, options, io);
  const these = open.length === 1 ? "Approve?" : `Approve these ${open.length}?`;
  if (!options.yes && !isYes(await prompt(`${these} [y/N] `))) {
    io.err("Nothing was approved.");
    return EXIT_FAILED;
  }
  return decideAll(server, "approve", shown, options.comment, options, io);
}

/** `approvals reject`: the same with a reason, for which it prompts when `--reason` is missing. */
export async function runReject(args: readonly string[], io: CommandIo): Promise<number> {
  const options = readApprovalOptions(args, ["reason", "on-behalf-of", "json"], SOME_IDS);
  if (options.json && !options.reason?.trim()) {
    throw new UsageError("--json prompts for nothing: pass --reason");
  }
  const server = approvalServer(options.connection);
  const shown = await shownCases(server, options, io);
  if (shown.open.length === 0) return nothingOpen(shown, options, io);
  const reason =
    options.reason?.trim() ||
    (await prompt("Reason for the rejection, which the agent reads (empty: do not reject): "));
  if (reason === "") {
    io.err("Nothing was rejected: a rejection needs a reason (--reason).");
    return EXIT_FAILED;
  }
  return decideAll(server, "reject", shown, reason, options, io);
}

/** A case that was named and can't be decided, and why. */
interface Skipped {
  readonly id: string;
  readonly reason: string;
}

interface Shown {
  readonly open: readonly ApprovalCase[];
  readonly skipped: readonly Skipped[];
}

/** Prints the cases, and returns those that can be decided. */
async function shownCases(server: ApprovalServer, options: ApprovalOptions, io: CommandIo): Promise<Shown> {
  const ids = await wholeIds(server, options.ids);
  const { cases, refused } = await fetchAll(server, ids);
  if (!options.json) {
    const columns = process.stdout.columns || null;
    for (const { id, reason } of refused) io.err(`${id}: ${reason}`);
    for (const found of cases) {
      const lines = [
        ...caseLines(found, Date.now(), columns),
        ...payloadLines(found.payload, columns, PREVIEW_LINES),
      ];
      io.out(`${lines.join("\n")}\n\n`);
    }
  }
  const open = cases.filter((found) => blockerOf(found) === null);
  const blocked = cases.flatMap((found) => {
    const reason = blockerOf(found);
    return reason === null ? [] : [{ id: found.id, reason }];
  });
  if (!options.json) for (const { id, reason } of blocked) io.err(`${id} ${reason}`);
  return { open, skipped: [...refused, ...blocked] };
}

function nothingOpen({ skipped }: Shown, { json }: ApprovalOptions, io: CommandIo): ExitCode {
  if (json) io.out(visibleJson({ results: [], skipped }));
  return EXIT_FAILED;
}

function blockerOf({ state, isIntact }: ApprovalCase): string | null {
  if (state !== "pending_approval") return `does not wait for a decision: it is ${clipped(state, 40)}.`;
  return isIntact ? null : "can't be decided: the payload from the server does not match its digest.";
}

async function fetchAll(
  server: ApprovalServer,
  ids: readonly string[],
): Promise<{ readonly cases: readonly ApprovalCase[]; readonly refused: readonly Skipped[] }> {
  const fetched: (ApprovalCase | Skipped)[] = [];
  for (let at = 0; at < ids.length; at += MAX_CONCURRENT) {
    const some = ids.slice(at, at + MAX_CONCURRENT).map(async (id) => {
      try {
        return await fetchCase(server, id);
      } catch (error) {
        if (!(error instanceof Refused)) throw error;
        return { id, reason: error.message };
      }
    });
    fetched.push(...(await Promise.all(some)));
  }
  return {
    cases: fetched.filter((each): each is ApprovalCase => !isSkipped(each)),
    refused: fetched.filter(isSkipped),
  };
}

function isSkipped(fetched: ApprovalCase | Skipped): fetched is Skipped {
  return "reason" in fetched;
}

/** Votes on every open case and prints the results. */
async function decideAll(
  server: ApprovalServer,
  verb: Verb,
  { open, skipped }: Shown,
  reason: string | null,
  { onBehalfOf, json }: ApprovalOptions,
  io: CommandIo,
): Promise<ExitCode> {
  const body: JsonObject = {
    ...(reason === null ? {} : { reason }),
    ...(onBehalfOf === null ? {} : { on_behalf_of_principal: onBehalfOf }),
  };
  const results = await castVotes(server, verb, open, body);
  const outcomes = results.map((result) => resultText(verb, result));
  if (json) {
    const accepted = outcomes.map(({ isAccepted }) => isAccepted);
    io.out(
      visibleJson({
        results: results.map((result, index) => ({ accepted: accepted[index], ...result })),
        skipped,
      }),
    );
  } else {
    for (const { words, isAccepted } of outcomes) {
      if (isAccepted) io.out(words);
      else io.err(words);
    }
  }
  const isDone = results.length === open.length && outcomes.every(({ isAccepted }) => isAccepted);
  return isDone && skipped.length === 0 ? 0 : EXIT_FAILED;
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
