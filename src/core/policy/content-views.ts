import type { ProposalRequest } from "../proposal/request.ts";
import type { Facts } from "../proposal/facts.ts";
import type { Json } from "../base/json.ts";
import { findPii, findPiiInSteps } from "../detection/pii/pii.ts";
import type { PiiKind } from "../detection/pii/pii.ts";
import { type JoinedTexts, joinedTexts } from "../detection/joined/joined-texts.ts";
import type { TermMatcher } from "../detection/terms/terms.ts";
import { readableTexts, readableTextsInSteps } from "../detection/readable.ts";
import { findTemplateErrors, findTemplateErrorsInSteps } from "../detection/template-errors.ts";
import type { TemplateError } from "../detection/template-errors.ts";
import type { MeasureHints } from "../registry/measure-hints.ts";
import { NO_HINTS } from "../registry/measure-hints.ts";
import { parseContent } from "../proposal/formats/content.ts";
import { measure } from "../proposal/measure/measure.ts";
import { records } from "../proposal/measure/select.ts";
import type { Payload } from "../proposal/payload.ts";
import { PIECE, type Steps } from "../base/steps.ts";
import { err } from "../base/result.ts";
import type { Result } from "../base/result.ts";
import { namesSensitiveFields, namesSensitiveFieldsInSteps } from "./risk.ts";
import { isProfileId, profileProblems } from "./rules/profiles.ts";

/**
 * The content as content rules read it. Each view is computed on first use and cached, so a proposal without content
 * rules pays nothing, and several policies pay once.
 */
export interface ContentViews {
  /** Null when all content can be read; else why it can't, and content rules hold. */
  readonly hidden: "reference" | "undecodable" | "contradictory" | "missing" | null;
  texts(): readonly string[];
  /** The texts, and those that the receiver's program may make by joining them. */
  searched(): readonly string[];
  /** Indices of the terms that occur in what is searched; looked for once. */
  terms(matcher: TermMatcher): readonly number[];
  /** Counts of the kinds; looked for once. */
  pii(kinds: readonly PiiKind[]): ReadonlyMap<PiiKind, number>;
  templateErrors(): readonly TemplateError[];
  records(): Result<readonly Json[], string>;
  /** Whether the value at a path also has another place or spelling, which a server may take instead. */
  readonly isAmbiguous?: (path: string) => boolean;
  /** Whether the content names fields that only sensitive records have. */
  sensitive(): boolean;
  /** Looks for all of this in pieces: who asks for it later has it at once. */
  prepare(wanted: Wanted): Steps<void>;
}

/** What the rules of a proposal's policies ask of its content. */
export interface Wanted {
  readonly matchers: ReadonlySet<TermMatcher>;
  readonly pii: ReadonlySet<readonly PiiKind[]>;
  readonly templateErrors: boolean;
}

const NO_CONTENT: ContentViews = {
  hidden: "missing",
  texts: () => [],
  searched: () => [],
  terms: () => [],
  pii: () => new Map(),
  templateErrors: () => [],
  records: () => err("there is no payload"),
  sensitive: () => false,
  *prepare() {},
};

export function contentViews(
  request: ProposalRequest,
  payload: Payload,
  facts: Facts,
  hints: MeasureHints,
): ContentViews {
  if (payload.kind === "none") return hasCompleteProfile(request) ? profileContent(request) : NO_CONTENT;
  let texts: readonly string[] | undefined;
  let templateErrors: readonly TemplateError[] | undefined;
  let parsed: Result<readonly Json[], string> | undefined;
  let joined: JoinedTexts | undefined;
  let searched: readonly string[] | undefined;
  let isSensitive: boolean | undefined;
  const found = new Map<TermMatcher, readonly number[]>();
  const counted = new Map<readonly PiiKind[], ReadonlyMap<PiiKind, number>>();
  const readJoined = (): JoinedTexts => (joined ??= joinedIn(payload));
  const readTexts = (): readonly string[] => (texts ??= readableTexts(payload, facts));
  const readSearched = (): readonly string[] => (searched ??= withJoined(readTexts(), readJoined()));
  return {
    hidden: hiddenReason(payload, facts),
    texts: readTexts,
    searched: readSearched,
    terms: (matcher) => remembered(found, matcher, () => matcher.find(readSearched())),
    pii: (kinds) => remembered(counted, kinds, () => findPii(readTexts(), kinds, textsOf(readJoined().runs))),
    templateErrors: () => (templateErrors ??= findTemplateErrors(payload, facts, readJoined().runs)),
    records: () => (parsed ??= records(payload, facts, hints)),
    sensitive: () => (isSensitive ??= payload.kind === "content" && namesSensitiveFields(readTexts())),
    *prepare(wanted) {
      texts ??= yield* readableTextsInSteps(payload, facts);
      isSensitive ??= payload.kind === "content" && (yield* namesSensitiveFieldsInSteps(texts));
      readJoined();
      yield PIECE;
      for (const matcher of wanted.matchers) {
        if (!found.has(matcher)) found.set(matcher, yield* matcher.findInSteps(readSearched()));
      }
      for (const kinds of wanted.pii) {
        if (counted.has(kinds)) continue;
        counted.set(kinds, yield* findPiiInSteps(readTexts(), kinds, textsOf(readJoined().runs)));
      }
      if (!wanted.templateErrors) return;
      templateErrors ??= yield* findTemplateErrorsInSteps(payload, facts, readJoined().runs);
    },
  };
}

function remembered<Key, Value>(known: Map<Key, Value>, key: Key, find: () => Value): Value {
  const value = known.get(key) ?? find();
  known.set(key, value);
  return value;
}

function joinedIn(payload: Payload): JoinedTexts {
  if (payload.kind !== "content") return { runs: [], words: [] };
  const { body, guessed } = parseContent(payload);
  return joinedTexts(body, guessed ?? []);
}

function textsOf(runs: JoinedTexts["runs"]): readonly string[] {
  return runs.flatMap(({ text, spaced }) => (spaced === null ? [text] : [text, spaced]));
}

function withJoined(texts: readonly string[], { runs, words }: JoinedTexts): readonly string[] {
  return runs.length + words.length === 0 ? texts : [...texts, ...textsOf(runs), ...words];
}

/** With an unknown or incomplete profile, an agent could omit the payload and declare nothing in its place. */
function hasCompleteProfile({ profile, metadata }: ProposalRequest): boolean {
  return profile !== null && isProfileId(profile) && profileProblems(profile, metadata).length === 0;
}

/** A proposal without a payload but with a typed action has its content in its metadata. */
function profileContent(request: ProposalRequest): ContentViews {
  const bytes = new TextEncoder().encode(JSON.stringify(request.metadata));
  const payload: Payload = { kind: "content", bytes, name: null, mediaType: "application/json" };
  const facts = measure(payload, NO_HINTS, { recordCount: null, estimatedValueUsd: null });
  return contentViews(request, payload, facts, NO_HINTS);
}

function hiddenReason(payload: Payload, facts: Facts): ContentViews["hidden"] {
  if (payload.kind === "reference") return "reference";
  if (!facts.decodable) return "undecodable";
  // A reader of the declared type finds other texts: those of the first of two members of one name, say.
  return facts.typeContradiction ? "contradictory" : null;
}
