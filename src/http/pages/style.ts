import { sha256Hex } from "../../core/base/digest.ts";

/** The pages' one stylesheet. System fonts and no pictures: the browser loads nothing else. */
export const STYLE = `
:root {
  color-scheme: light dark;
  --ink: #1b1f24; --dim: #5b6673; --paper: #ffffff; --ground: #f4f5f7; --line: #dde1e6;
  --accent: #1f5fc4; --good: #12703a; --bad: #b3261e; --warn: #8a5300;
  --good-ground: #e6f4ea; --bad-ground: #fdeceb; --warn-ground: #fdf3e1; --code-ground: #f7f8fa;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ink: #e8eaed; --dim: #a2acb8; --paper: #1c2026; --ground: #13161a; --line: #343b44;
    --accent: #8ab4f8; --good: #7bd49b; --bad: #f28b82; --warn: #f5c26b;
    --good-ground: #17301f; --bad-ground: #3a1d1b; --warn-ground: #35290f; --code-ground: #15181c;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0; background: var(--ground); color: var(--ink);
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
  overflow-wrap: anywhere;
}
a { color: var(--accent); }
a:focus-visible, button:focus-visible, input:focus-visible, textarea:focus-visible, summary:focus-visible {
  outline: 3px solid var(--accent); outline-offset: 2px;
}
.top {
  display: flex; flex-wrap: wrap; gap: .5rem 1rem; align-items: center; justify-content: space-between;
  padding: .6rem max(1rem, calc((100vw - 60rem) / 2)); background: var(--paper);
  border-bottom: 1px solid var(--line);
}
.brand { font-weight: 700; font-size: 1.1rem; text-decoration: none; color: var(--ink); }
.who { display: flex; gap: .75rem; align-items: center; margin: 0; }
.who small, .dim { color: var(--dim); }
main { max-width: 62rem; margin: 0 auto; padding: 1.25rem 1rem 4rem; }
h1 { font-size: 1.45rem; line-height: 1.25; margin: .25rem 0 .25rem; }
h2 { font-size: 1.05rem; margin: 0 0 .75rem; }
p { margin: .4rem 0; }
section, .card {
  background: var(--paper); border: 1px solid var(--line); border-radius: 10px;
  padding: 1rem 1.15rem; margin: 1rem 0;
}
.notice { border-left: 5px solid var(--accent); }
.notice.good { border-left-color: var(--good); background: var(--good-ground); }
.notice.bad { border-left-color: var(--bad); background: var(--bad-ground); }
.notice.warn { border-left-color: var(--warn); background: var(--warn-ground); }
.tag {
  display: inline-block; padding: .05rem .55rem; border-radius: 999px; border: 1px solid currentColor;
  font-size: .85rem; font-weight: 600; white-space: nowrap;
}
.tag.good, .tag.low { color: var(--good); } .tag.bad, .tag.high, .tag.critical { color: var(--bad); }
.tag.warn, .tag.medium { color: var(--warn); }
dl { display: grid; grid-template-columns: minmax(7rem, 11rem) 1fr; gap: .45rem 1rem; margin: 0; }
dt { color: var(--dim); } dd { margin: 0; min-width: 0; }
ul { margin: .2rem 0; padding-left: 1.2rem; }
.mono, pre, code, textarea { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
.mono, code { font-size: .88em; }
pre {
  margin: 0; padding: .85rem 1rem; border: 1px solid var(--line); border-radius: 8px;
  background: var(--code-ground); font-size: .88rem; line-height: 1.45; tab-size: 4;
  white-space: break-spaces; overflow-wrap: anywhere; overflow: hidden; unicode-bidi: plaintext;
}
table { width: 100%; border-collapse: collapse; font-size: .93rem; }
th, td { text-align: left; vertical-align: top; padding: .5rem .6rem; border-bottom: 1px solid var(--line); }
th { color: var(--dim); font-weight: 600; }
tr:last-child td { border-bottom: 0; }
dl + pre, dl + p, dl + details, dl + .scroll, pre + p, pre + dl { margin-top: .85rem; }
.scroll { overflow-x: auto; }
label { display: block; font-weight: 600; margin: 0 0 .3rem; }
input, textarea, select {
  width: 100%; padding: .55rem .65rem; font: inherit; color: inherit; background: var(--code-ground);
  border: 1px solid var(--dim); border-radius: 8px;
}
textarea { font-size: .93rem; min-height: 4.5rem; resize: vertical; }
textarea.prose { font-family: inherit; }
#payload { min-height: 14rem; font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
button, .button {
  display: inline-block; font: inherit; font-weight: 600; cursor: pointer; padding: .55rem 1.1rem; border-radius: 8px;
  border: 1px solid transparent; background: var(--accent); color: var(--paper); text-decoration: none;
}
button.yes { background: var(--good); } button.no { background: var(--bad); }
button.quiet {
  background: none; color: var(--accent); border-color: var(--line); padding: .25rem .7rem; font-weight: 500;
}
.choices { display: grid; grid-template-columns: repeat(auto-fit, minmax(17rem, 1fr)); gap: 1.25rem; }
.choices form { display: flex; flex-direction: column; gap: .6rem; }
.choices form > button { align-self: flex-start; }
.undelivered { list-style: none; padding: 0; color: var(--bad); font-size: .87rem; }
.pages { display: flex; gap: 1rem; justify-content: flex-end; }
details > summary { cursor: pointer; font-weight: 600; }
details[open] > summary { margin-bottom: .75rem; }
@media (max-width: 34rem) { dl { grid-template-columns: 1fr; gap: .1rem; } dd { margin-bottom: .5rem; } }
@media print { form, .top form { display: none; } body { background: none; } }
`;

/** Part of the stylesheet's URL, so that browsers may cache it as immutable. */
export const STYLE_VERSION = sha256Hex(STYLE).slice(0, 12);
