import { html } from "hono/html";
import { counted, groupDigits } from "../../../core/presentation/numbers.ts";
import { maySeePayload } from "../../../app/authority.ts";
import type { Caller } from "../../../app/identity/authenticate.ts";
import type { GateContext } from "../../middleware/context.ts";
import { visibleIntent } from "../../middleware/guards.ts";
import { takeReadSlot } from "../../middleware/read-slot.ts";
import { refuse } from "../../problem/problem.ts";
import { page, type Markup } from "../page.ts";
import { visibleLines } from "../sanitize-text.ts";
import { textOf } from "./payload-text.ts";

/** Characters of one page: more would make a browser slow. */
const PAGE_CHARACTERS = 64 * 1024;

/** The payload as it is sent, character by character, over as many pages as it takes. */
export async function payloadPage(c: GateContext, caller: Caller): Promise<Response> {
  const { intent, state } = await visibleIntent(c, c.req.param("id") ?? "");
  if (!(await maySeePayload(caller.principal, state, c.env))) {
    return refuse({
      status: 403,
      code: "forbidden",
      detail: "Only people who may decide the case see the payload.",
    });
  }
  const record = await intent.getRecord();
  const payload = record?.case?.payload;
  if (payload === undefined || payload.kind !== "content") {
    return refuse({ status: 404, code: "not_found", detail: "There is no payload to show." });
  }
  c.set("releaseBody", await takeReadSlot(c, payload.bytes));
  const bytes = await intent.payload();
  const text = bytes === null ? null : textOf(bytes);
  const start = startIn(c, text?.length ?? 0);
  return page(c, {
    title: "The payload as sent",
    body: html`
      <p><a href="/cases/${intent.id}">Back to the case</a></p>
      <div class="title"><h1>The payload as sent</h1></div>
      <section>${text === null ? noText(intent.id) : pieceOf(text, start, intent.id)}</section>
      <dl>
        <dt>SHA-256</dt>
        <dd class="id">${state.terms.payloadDigest ?? "none"}</dd>
      </dl>
    `,
  });
}

function startIn(c: GateContext, length: number): number {
  const from = c.req.query("from") ?? "0";
  const start = /^\d{1,9}$/.test(from) ? Number(from) : Number.NaN;
  if (Number.isNaN(start) || (start > 0 && start >= length)) {
    return refuse({ status: 400, code: "invalid_request", detail: "from: a place inside the payload" });
  }
  return start;
}

function noText(id: string): Markup {
  return html`<p>
    It is no text. <a href="/v1/intents/${id}/payload" download="payload">Download it</a> to look at it.
  </p>`;
}

function pieceOf(text: string, start: number, id: string): Markup {
  // Never inside a surrogate pair, at either end.
  const from = isInside(text, start) ? start + 1 : start;
  const end = Math.min(from + PAGE_CHARACTERS, text.length);
  const to = isInside(text, end) ? end + 1 : end;
  const link = (at: number, label: string) =>
    html`<a class="button" href="/cases/${id}/payload?from=${at}">${label}</a>`;
  return html`<p class="dim">
      Characters ${groupDigits(from + 1)} to ${groupDigits(to)} of ${groupDigits(text.length)}.
      <a href="/v1/intents/${id}/payload" download="payload">Download all of it</a>
    </p>
    <pre class="asis" tabindex="0" aria-label="Payload">${"\n"}${visibleLines(text.slice(from, to))}</pre>
    <p class="pages">
      ${from === 0 ? html`<span></span>` : link(Math.max(0, from - PAGE_CHARACTERS), "Before")}
      ${to === text.length ? null : link(to, `Next ${counted(Math.min(PAGE_CHARACTERS, text.length - to), "character")}`)}
    </p>`;
}

function isInside(text: string, at: number): boolean {
  if (at <= 0 || at >= text.length) return false;
  const [before, after] = [text.charCodeAt(at - 1), text.charCodeAt(at)];
  return before >= 0xd800 && before <= 0xdbff && after >= 0xdc00 && after <= 0xdfff;
}
