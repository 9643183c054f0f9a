/** One case: roomy, the sentence first, hashes last. */
export const CASE = `
.headline { margin: 0 0 12px; }
.headline h1 { font-size: 28px; line-height: 1.25; margin: 8px 0; text-wrap: pretty; }
.headline h1 bdi { overflow-wrap: anywhere; }
.headline .marks { display: flex; flex-wrap: wrap; gap: 4px 16px; align-items: center; }
.why { padding: 12px 16px; border-radius: 6px; border-left: 4px solid var(--wait); background: var(--wait-tint); margin: 0 0 16px; }
.why.stop { border-left-color: var(--stop); background: var(--stop-tint); } .why.ok { border-left-color: var(--ok); background: var(--ok-tint); }
.why p { font-size: 16px; } .why .dim { font-size: 13px; color: var(--ink-2); }
.facts { display: grid; grid-template-columns: repeat(auto-fit, minmax(112px, 1fr)); gap: 16px; margin: 0; padding: 0; }
.facts > div { min-width: 0; } .facts dt { font-size: 12px; } .facts dd { font-size: 16px; font-weight: 600; overflow-wrap: break-word; }
.facts dd small { display: block; font-weight: 400; color: var(--ink-2); line-height: 1.3; margin-top: 2px; }
.facts .unknown dd { color: var(--doubt); } .facts .unknown small { color: var(--ink-2); }
.choices { display: grid; grid-template-columns: repeat(auto-fit, minmax(272px, 1fr)); gap: 24px; }
.choices form { display: flex; flex-direction: column; gap: 8px; } .choices form > button { align-self: flex-start; } .choices + p { margin-top: 12px; }
.steps { list-style: none; padding: 0; display: grid; gap: 8px; }
.steps + dl, .steps + p { margin-top: 12px; } .steps > li { display: grid; align-items: baseline; grid-template-columns: 160px minmax(0, 1fr); gap: 0 16px; }
.steps time { white-space: nowrap; color: var(--ink-3); font-size: 13px; } .steps blockquote { margin: 4px 0 0; padding-left: 12px; border-left: 2px solid var(--line-2); white-space: pre-line; }
.next { display: flex; gap: 16px; align-items: center; margin: 0 0 16px; } .next .button { flex: none; } .next .dim { min-width: 0; overflow-wrap: anywhere; }
#decide > .buttons { margin: 0 0 16px; }
.jump { display: none; }
`;
