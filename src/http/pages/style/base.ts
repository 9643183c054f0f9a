/** Text, grounds, focus, and the frame of every page. Spacing is on a grid of 4 px. */
export const BASE = `
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; text-size-adjust: 100%; }
body {
  margin: 0; background: var(--paper); color: var(--ink);
  font: 400 14px/1.5 var(--sans); font-variant-numeric: tabular-nums; overflow-wrap: break-word;
}
a { color: var(--accent); text-underline-offset: 2px; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; border-radius: 6px; }
h1 { font-size: 20px; line-height: 1.3; font-weight: 600; margin: 0; }
h2 { font-size: 14px; line-height: 1.3; font-weight: 600; margin: 0 0 12px; }
p { margin: 0 0 8px; } p:last-child { margin-bottom: 0; }
ul, ol { margin: 0; padding-left: 20px; }
small, .small { font-size: 12px; }
.dim { color: var(--ink-3); } .label { color: var(--ink-2); font-size: 12px; }
strong, b { font-weight: 600; }
.num { text-align: right; white-space: nowrap; }
.mono, code, pre, .asis { font-family: var(--mono); }
.mono, code { font-size: .93em; }
.id { font: 400 12px/1.5 var(--mono); color: var(--ink-3); overflow-wrap: anywhere; }
/* The order of the bytes: right-to-left letters would swap the numbers around them (Unicode UAX 9). */
.asis { direction: ltr; unicode-bidi: bidi-override; }
bdi { unicode-bidi: isolate; }
mark { background: var(--mark); color: inherit; border-radius: 2px; padding: 0 1px; box-decoration-break: clone; }
.skip { position: absolute; left: -9999px; } .skip:focus { left: 16px; top: 8px; z-index: 2; background: var(--sheet); padding: 8px; }
.hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }

.top {
  display: flex; flex-wrap: wrap; gap: 4px 24px; align-items: center; min-height: 48px;
  padding: 4px max(16px, calc((100vw - 1120px) / 2)); background: var(--sheet); border-bottom: 1px solid var(--line);
}
.brand { font-weight: 600; font-size: 16px; text-decoration: none; color: var(--ink); }
.top nav { display: flex; gap: 4px; }
.top nav a { padding: 8px 12px; border-radius: 6px; text-decoration: none; color: var(--ink-2); }
.top nav a:hover { background: var(--sunk); } .top nav a[aria-current] { color: var(--ink); font-weight: 600; background: var(--sunk); }
.who { display: flex; gap: 12px; align-items: center; margin: 0 0 0 auto; }
.who small { color: var(--ink-3); }
main { max-width: 1152px; margin: 0 auto; padding: 24px 16px 64px; }
main.narrow { max-width: 832px; }

section, .card { background: var(--sheet); border: 1px solid var(--line); border-radius: 10px; padding: 16px; margin: 0 0 16px; }
.title { display: flex; flex-wrap: wrap; gap: 8px 16px; align-items: baseline; margin: 0 0 16px; }
.title .dim { margin-right: auto; }

.notice { border-left: 4px solid var(--line-2); }
.notice.ok { border-left-color: var(--ok); background: var(--ok-tint); }
.notice.wait { border-left-color: var(--wait); background: var(--wait-tint); }
.notice.stop { border-left-color: var(--stop); background: var(--stop-tint); }
.notice.doubt { border-left-color: var(--doubt); background: var(--doubt-tint); }
.notice.idle { border-left-color: var(--idle); background: var(--idle-tint); }
.notice .dim { color: var(--ink-2); }

/* A state is a word, a shape and a colour. */
.state { display: inline-flex; align-items: center; gap: 6px; font-weight: 600; font-size: 13px; color: var(--idle); white-space: nowrap; }
.state::before { content: ""; width: 9px; height: 9px; flex: none; background: currentColor; border-radius: 50%; }
.state.ok { color: var(--ok); }
.state.wait { color: var(--wait); } .state.wait::before { background: none; border: 2px solid currentColor; }
.state.stop { color: var(--stop); } .state.stop::before { border-radius: 1px; }
.state.doubt { color: var(--doubt); } .state.doubt::before { border-radius: 1px; rotate: 45deg; width: 8px; height: 8px; }
.state.idle::before { height: 3px; border-radius: 1px; }
.risk { display: inline-flex; align-items: center; gap: 6px; font-size: 13px; color: var(--idle); white-space: nowrap; }
.risk::before { content: ""; width: 9px; height: 9px; flex: none; border: 2px solid currentColor; border-radius: 50%; }
.risk.medium { color: var(--wait); } .risk.medium::before { background: linear-gradient(currentColor, currentColor) bottom / 100% 50% no-repeat; }
.risk.high { color: var(--stop); } .risk.high::before { background: currentColor; }
.risk.critical { color: var(--sheet); background: var(--stop); padding: 0 8px; border-radius: 6px; font-weight: 600; }
.risk.critical::before { background: currentColor; border-radius: 1px; }
`;
