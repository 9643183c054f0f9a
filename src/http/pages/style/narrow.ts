/** Phones, and paper. */
export const NARROW = `
/* Nine columns need room; otherwise a decided case is a card. */
@media (max-width: 1080px) {
  .ledger table, .ledger tbody, .ledger tr, .ledger td { display: block; width: auto; } .ledger thead { display: none; }
  .ledger tr { padding: 12px 16px; border-bottom: 1px solid var(--line); } .ledger td, .ledger td:first-child { border: 0; padding: 0 0 4px; text-align: left; }
  .ledger td[data-label] { display: inline-block; margin-right: 12px; } .ledger td[data-label]::before { content: attr(data-label) " "; color: var(--ink-3); }
}
@media (max-width: 640px) {
  input, textarea, select { font-size: 16px; min-height: 44px; }
  button, .button, .chip, details > summary, .top nav a { min-height: 44px; }
  .top { gap: 0 12px; } .top nav a { display: inline-flex; align-items: center; } .who { width: 100%; justify-content: space-between; margin: 0; }
  main { padding: 16px 12px 96px; }
  .rows { background: none; border: 0; display: grid; gap: 12px; }
  .row, .row.pick { grid-template-columns: 1fr auto; border: 1px solid var(--line); border-radius: 10px; background: var(--sheet); padding: 12px 16px; gap: 4px 12px; }
  .row:first-child { border-radius: 10px; } .row:last-child { border-bottom: 1px solid var(--line); }
  .row > .what, .row.pick > .what { grid-column: 1 / -1; font-size: 16px; order: 1; }
  .row > .more, .row.pick > .more { grid-column: 1 / -1; order: 2; }
  .row.pick { grid-template-columns: 44px 1fr auto; } .row.pick > .due { grid-column: auto; }
  .row.pick > label { min-height: 44px; display: flex; align-items: center; }
  .row .sample { grid-column: 1 / -1; order: 3; white-space: normal; }
  .chip { border-radius: 22px; }
  .row .more a { min-height: 32px; display: inline-flex; align-items: center; }
  .headline h1 { font-size: 20px; } .facts { grid-template-columns: 1fr 1fr; }
  dl:not(.facts) { grid-template-columns: 1fr; gap: 0; } dl:not(.facts) dd { margin-bottom: 8px; }
  .steps > li { grid-template-columns: 1fr; }
  .search { grid-template-columns: 1fr; }
  .choices form > button, .batch button { align-self: stretch; width: 100%; }
  .jump {
    display: flex; gap: 8px; position: sticky; bottom: 0; margin: 0 -12px; padding: 8px 12px; background: var(--sheet);
    border-top: 1px solid var(--line); z-index: 1;
  }
  .jump a { flex: 1; }
}
@media print {
  form, nav, #decide, .jump, .chips, .pages { display: none !important; }
  body { background: none; } section, .rows { break-inside: avoid-page; border-color: #999; }
  .box > pre, .box > .scroll { max-height: none; }
  time.relative[title]::after { content: " (" attr(title) ")"; }
}
`;
