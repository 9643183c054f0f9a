import { isTagStart, plainTagEnd, readTag, type Syntax, Source, type Tag } from "./tags.ts";

/*
 * The text of HTML and XML without its tags, as different readers see it: `re<b></b>fund` is refund to all of them.
 * Each reading is one pass, even when no tag, quote or comment closes.
 */

/** Elements that end a word where they stand; all others (`<b>`, `<span>`) can stand inside one. */
const BLOCKS: ReadonlySet<string> = new Set(
  (
    "address article aside blockquote body br button caption center cr dd details dialog dir div dl dt fieldset " +
    "figcaption figure footer form frame frameset h h1 h2 h3 h4 h5 h6 head header hgroup hr html legend li line main " +
    "menu nav ol optgroup option p para pre search section select summary tab table tbody td textarea tfoot th thead " +
    "title tr ul"
  ).split(" "),
);
/** Elements whose content a browser does not show. */
const UNSHOWN: ReadonlySet<string> = new Set(
  "script style template noscript noembed noframes iframe datalist title".split(" "),
);
/** Of these, the ones whose content is text up to their own end tag. */
const RAW_TEXT: ReadonlySet<string> = new Set("script style noembed noframes iframe title".split(" "));
const VOID: ReadonlySet<string> = new Set(
  "area base br col embed hr img input link meta source track wbr".split(" "),
);

const HIDDEN_ATTRIBUTE = /\shidden(?:[\s=/>]|$)/i;
const HIDING_STYLE =
  /(?:display\s{0,9}:\s{0,9}none|visibility\s{0,9}:\s{0,9}hidden|(?:font-size|opacity|max-height)\s{0,9}:\s{0,9}0(?![\d.]))/i;

/** Few pages hide an element, and only in them is it counted what is open. */
const HIDES = /<(?:template|noscript|noembed|datalist)|\shidden[\s=/>]|style\s{0,9}=/i;

/** How a reader takes what readers differ in. */
interface Reader {
  readonly syntax: Syntax;
  /** Whether it skips what a browser does not show: scripts and styles, and elements that are hidden by an attribute. */
  readonly hides: "all" | "raw text" | "nothing";
}

interface Reading {
  /** With a line break at the border of each block, as browsers show it. */
  readonly text: string;
  /** `textContent`, `strip_tags` and `get_text()` write nothing for a block. */
  readonly tight: () => string;
  /** Whether another syntax has other tags. */
  readonly hasDisputedTags: boolean;
  readonly hasHidden: boolean;
  readonly hasRawText: boolean;
  /** Whether a block stands between two characters with no space on either side. */
  readonly isTight: boolean;
}

/**
 * The texts that readers of markup see; empty when it holds none. With `tight` also those of readers that write
 * nothing for a block, to which `re<p>fund` is one word. They are not for numbers: a row of cells would be one.
 */
export function markupTexts(text: string, tight: boolean): readonly string[] {
  if (!/<[a-z/!?@#]/i.test(text)) return [];
  const browser = read(text, { syntax: "html", hides: "all" });
  const readings = [browser];
  if (browser.hasHidden || browser.hasRawText) {
    readings.push(read(text, { syntax: "html", hides: "nothing" }));
  }
  // The end of an element around it also ends a hidden one, and nothing behind it is hidden.
  if (browser.hasRawText && browser.hasHidden) {
    readings.push(read(text, { syntax: "html", hides: "raw text" }));
  }
  if (browser.hasDisputedTags) {
    readings.push(
      read(text, { syntax: "xml", hides: "nothing" }),
      read(text, { syntax: "plain", hides: "nothing" }),
    );
  }
  const isTight = tight && browser.isTight;
  return readings.flatMap((reading) => (isTight ? [reading.text, reading.tight()] : [reading.text]));
}

function read(text: string, reader: Reader): Reading {
  const source = new Source(text);
  const parts: string[] = [];
  /** Indices in `parts` of the line breaks at borders. */
  const borders: number[] = [];
  const hasLabels = text.includes("|");
  let from = 0;
  let hasDisputedTags = false;
  let hasHidden = false;
  let hasRawText = false;
  let isTight = false;
  const hides = reader.hides === "all" && HIDES.test(text);
  const opened: Counts = new Map();
  let hidden: Hidden | null = null;
  for (let open = text.indexOf("<"); open >= 0; open = text.indexOf("<", from)) {
    if (hidden === null && open > from) parts.push(text.slice(from, open));
    const label = hasLabels ? slackLabel(text, open) : null;
    if (label !== null) {
      if (hidden === null) parts.push(text.slice(label.start, label.end));
      from = label.end + 1;
      continue;
    }
    const tag = readTag(source, open, reader.syntax);
    if (tag === null) {
      from = open;
      // A browser shows nothing of a tag that never ends. The simplest readers go on behind the `<`.
      if (reader.syntax !== "plain" && isTagStart(text, open)) {
        hasDisputedTags = true;
        break;
      }
      if (hidden === null) parts.push("<");
      from++;
      continue;
    }
    from = tag.end;
    if (tag.isDisputed) hasDisputedTags = true;
    if (hidden !== null) {
      if (endsHidden(hidden, tag, opened)) hidden = null;
      continue;
    }
    if (hides) count(opened, tag);
    if (BLOCKS.has(tag.name)) {
      borders.push(parts.push("\n") - 1);
      if (!isTight) isTight = isInk(text.charCodeAt(open - 1)) && isInk(text.charCodeAt(tag.end));
    }
    if (tag.closes || !isUnshown(tag.name, text, open, tag.end)) continue;
    const isRawText = RAW_TEXT.has(tag.name);
    if (isRawText) hasRawText = true;
    else hasHidden = true;
    if (reader.hides === "nothing") continue;
    if (isRawText) from = rawTextEnd(text, tag);
    else if (reader.hides === "all") hidden = { name: tag.name, inner: new Map([[tag.name, 1]]) };
  }
  if (hidden === null) parts.push(text.slice(from));
  const joined = parts.join("");
  const tight = (): string => {
    for (const border of borders) parts[border] = "";
    return parts.join("");
  };
  return { text: joined, tight, hasDisputedTags, hasHidden, hasRawText, isTight };
}

/** Open elements by name. */
type Counts = Map<string, number>;

/** An element that a browser does not show, and what is open in it, itself included. */
interface Hidden {
  readonly name: string;
  readonly inner: Counts;
}

function count(counts: Counts, { name, closes }: Tag): void {
  if (name === "" || VOID.has(name)) return;
  counts.set(name, Math.max(0, (counts.get(name) ?? 0) + (closes ? -1 : 1)));
}

/**
 * Its own end tag ends it, and that of an element around it (HTML section 13.2.6.4.7), but no tag of a word ends a block:
 * `<a><b hidden></a>` hides nothing behind it.
 */
function endsHidden({ name, inner }: Hidden, tag: Tag, opened: Counts): boolean {
  if (tag.closes && (inner.get(tag.name) ?? 0) === 0) {
    if ((opened.get(tag.name) ?? 0) === 0 || (BLOCKS.has(name) && !BLOCKS.has(tag.name))) return false;
    count(opened, tag);
    return true;
  }
  count(inner, tag);
  return inner.get(name) === 0;
}

/** Another tag counts as ink, because nothing of it need be seen. */
function isInk(unit: number): boolean {
  return unit > 0x20 && unit !== 0xa0;
}

/** Where the end tag of a script or a style begins; the text's end where none does. */
function rawTextEnd(text: string, { name, end }: Tag): number {
  const close = new RegExp(`</${name}[\\s/>]`, "gi");
  close.lastIndex = end;
  return close.exec(text)?.index ?? text.length;
}

function isUnshown(name: string, text: string, open: number, end: number): boolean {
  if (UNSHOWN.has(name)) return true;
  // Most tags have no attributes.
  if (end - open <= name.length + 8 || VOID.has(name) || text.charAt(end - 2) === "/") return false;
  const tag = text.slice(open, end);
  return HIDDEN_ATTRIBUTE.test(tag) || HIDING_STYLE.test(tag);
}

/** Slack's mrkdwn shows the label of `<https://example.com|label>`, `<@U1|label>` and `<!date^1^{date}|label>`. */
const SLACK_LINK = /<(?:(?:[a-z][a-z0-9+.-]{1,20}:|[@#])[^<>|\s]*|!(?!--|\[)[^<>|\n]*)\|/iy;

function slackLabel(text: string, open: number): { readonly start: number; readonly end: number } | null {
  SLACK_LINK.lastIndex = open;
  const link = SLACK_LINK.exec(text);
  if (link === null) return null;
  const start = open + link[0].length;
  const end = plainTagEnd(text, start);
  return end < 0 ? null : { start, end };
}
