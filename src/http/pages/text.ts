import { html } from "hono/html";
import type { RiskLevel } from "../../core/policy/risk.ts";
import type { Part } from "../../core/presentation/parts.ts";
import { phaseWords, type Tone, toneOf } from "../../core/presentation/phase-words.ts";
import { distanceText, timeText } from "../../core/presentation/times.ts";
import type { Markup } from "./page.ts";
import { sanitizeText } from "./sanitize-text.ts";

/** A sentence with its names kept apart, so that right-to-left letters in one don't reorder the words around it. */
export function partsMarkup(parts: readonly Part[]): Markup {
  return html`${parts.map(({ kind, text }) => {
    const shown = sanitizeText(text);
    switch (kind) {
      case "words":
        return shown;
      case "name":
      case "amount":
        return html`<bdi>${shown}</bdi>`;
      case "quote":
        return html`<code class="asis">${shown}</code>`;
    }
  })}`;
}

/** `3 hours ago`, with the exact time on hover and in print. */
export function relativeTime(at: number, now: number): Markup {
  return html`<time class="relative" datetime="${isoText(at)}" title="${timeText(at)}"
    >${distanceText(at, now)}</time
  >`;
}

/** `2026-03-08 14:30 UTC`, with how long ago on hover. */
export function exactTime(at: number, now: number): Markup {
  return html`<time datetime="${isoText(at)}" title="${distanceText(at, now)}">${timeText(at)}</time>`;
}

/** The same for a column whose head says that times are UTC. */
export function columnTime(at: number, now: number): Markup {
  const text = timeText(at).replace(/ UTC$/, "");
  return html`<time datetime="${isoText(at)}" title="${distanceText(at, now)}">${text}</time>`;
}

/** Both, where a reader decides by them. */
export function fullTime(at: number, now: number): Markup {
  return html`<time datetime="${isoText(at)}">${timeText(at)}</time> (${distanceText(at, now)})`;
}

function isoText(at: number): string {
  return new Date(at).toISOString();
}

export function stateMark(phase: string): Markup {
  return html`<span class="state ${toneOf(phase)}">${phaseWords(phase)}</span>`;
}

export function toneMark(tone: Tone, text: string): Markup {
  return html`<span class="state ${tone}">${text}</span>`;
}

export function riskMark(level: RiskLevel | string): Markup {
  return html`<span class="risk ${level}">${sanitizeText(level)}<span class="hidden"> risk</span></span>`;
}

/** A name, and its id small behind it where they differ. */
export function nameAndId(name: string, id: string): Markup {
  const shownId = name === id ? null : html` <span class="id">${sanitizeText(id)}</span>`;
  return html`<bdi>${sanitizeText(name)}</bdi>${shownId}`;
}
