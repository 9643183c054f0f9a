/** Forms, buttons, chips, tables and boxes. A target is at least 44 px high on a phone. */
export const CONTROLS = `
label { display: block; font-weight: 600; margin: 0 0 4px; }
label .dim, legend .dim { font-weight: 400; }
input, textarea, select {
  width: 100%; min-height: 36px; padding: 6px 12px; font: inherit; color: inherit; background: var(--sheet);
  border: 1px solid var(--line-2); border-radius: 6px;
}
textarea { min-height: 68px; resize: vertical; }
input[type="checkbox"] { width: 18px; height: 18px; min-height: 0; margin: 0; accent-color: var(--accent); }
#payload { min-height: 320px; font: 400 13px/1.5 var(--mono); direction: ltr; unicode-bidi: bidi-override; }
fieldset { border: 0; margin: 0; padding: 0; min-width: 0; } legend { padding: 0; font-weight: 600; }
button, .button {
  display: inline-flex; align-items: center; justify-content: center; min-height: 36px; padding: 6px 16px; gap: 8px;
  font: inherit; font-weight: 600; cursor: pointer; text-decoration: none; border-radius: 6px;
  border: 1px solid var(--line-2); background: var(--sheet); color: var(--ink);
}
button:hover, .button:hover { background: var(--sunk); }
.primary, .primary:hover { background: var(--accent); border-color: var(--accent); color: var(--on-accent); }
.no { color: var(--stop); border-color: var(--stop); }
.quiet { font-weight: 400; border-color: var(--line); min-height: 32px; padding: 4px 12px; }
.chips { display: flex; flex-wrap: wrap; gap: 8px; margin: 0 0 16px; padding: 0; list-style: none; }
.chip {
  display: inline-flex; gap: 8px; align-items: center; min-height: 32px; padding: 4px 12px; border: 1px solid var(--line);
  border-radius: 16px; background: var(--sheet); color: var(--ink-2); text-decoration: none; font-size: 13px;
}
.chip[aria-current] { border-color: var(--ink-2); color: var(--ink); font-weight: 600; }
.pages { display: flex; gap: 16px; justify-content: space-between; margin: 16px 0 0; }

dl { display: grid; grid-template-columns: minmax(112px, 160px) 1fr; gap: 8px 16px; margin: 0; }
dt { color: var(--ink-2); } dd { margin: 0; min-width: 0; overflow-wrap: anywhere; }
dl + *, pre + p, pre + dl { margin-top: 12px; }

.scroll { overflow-x: auto; position: relative; }
table { width: 100%; border-collapse: collapse; font-size: 13px; line-height: 1.3; }
th, td { text-align: left; vertical-align: top; padding: 8px 12px 8px 0; border-bottom: 1px solid var(--line); }
th { color: var(--ink-2); font-weight: 600; white-space: nowrap; } tr:last-child > td { border-bottom: 0; }
th.num, td.num { text-align: right; }
thead th { position: sticky; top: 0; background: var(--sheet); }

.box { border: 1px solid var(--line); border-radius: 6px; background: var(--sunk); }
pre {
  margin: 0; padding: 12px 16px; font-size: 13px; line-height: 20px; tab-size: 4;
  white-space: break-spaces; overflow-wrap: anywhere; overflow: auto;
}
section > pre { border: 1px solid var(--line); border-radius: 6px; background: var(--sunk); }
/* Twenty lines, and all of it once "show all" is open. */
.box > pre, .box > .scroll { max-height: 424px; } .box > .scroll { overflow: auto; }
.box > details { border-bottom: 1px solid var(--line); padding: 4px 16px; }
.box > details[open] + pre, .box > details[open] + .scroll { max-height: none; }
.box + p { margin-top: 8px; }
.box table { font-family: var(--mono); font-size: 12px; }
.box th, .box td { padding: 6px 12px; white-space: nowrap; } .box thead th { background: var(--sunk); }
.box td.wrap { white-space: break-spaces; overflow-wrap: anywhere; min-width: 280px; }
.box tfoot td, .box tfoot th { border-top: 1px solid var(--line-2); border-bottom: 0; font-weight: 600; }
.box .gap td { color: var(--ink-2); font-family: var(--sans); }

details > summary { cursor: pointer; font-weight: 600; min-height: 32px; display: flex; align-items: center; gap: 8px; list-style: none; }
summary::-webkit-details-marker { display: none; }
summary::before { content: ""; width: 7px; height: 7px; border: solid currentColor; border-width: 0 1.5px 1.5px 0; rotate: -45deg; flex: none; transition: rotate 120ms; }
details[open] > summary::before { rotate: 45deg; }
section > details[open] > summary { margin-bottom: 8px; }
@media (prefers-reduced-motion: reduce) { * { transition: none !important; } }
`;
