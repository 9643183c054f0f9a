/** The inbox: two lines a row, and a card for each case on a narrow screen. The list of decided cases is a table. */
export const LISTS = `
.rows { list-style: none; margin: 0 0 16px; padding: 0; background: var(--sheet); border: 1px solid var(--line); border-radius: 10px; }
.row {
  position: relative; display: grid; grid-template-columns: 88px minmax(0, 1fr) auto; gap: 2px 16px; align-items: baseline;
  padding: 10px 16px; min-height: 64px; line-height: 1.3; border-bottom: 1px solid var(--line);
}
.row:last-child { border-bottom: 0; } .row:first-child { border-radius: 10px 10px 0 0; }
.row:hover { background: var(--sunk); }
.row.pick { grid-template-columns: 24px 88px minmax(0, 1fr) auto; }
.row.pick > .what { grid-column: 3; } .row.pick > .more { grid-column: 3 / -1; } .row.pick > .due { grid-column: 4; }
.row .what { font-size: 15px; font-weight: 600; color: var(--ink); text-decoration: none; grid-column: 2; }
.row .what:hover { text-decoration: underline; } .row .what::after { content: ""; position: absolute; inset: 0; }
.row .due { color: var(--ink-2); white-space: nowrap; text-align: right; } .row .due.soon { color: var(--stop); font-weight: 600; }
.row .more { grid-column: 2 / -1; color: var(--ink-2); font-size: 13px; display: flex; flex-wrap: wrap; gap: 0 8px; }
.row .more > :not(:last-child)::after { content: "·"; margin-left: 8px; color: var(--ink-3); }
.row .more a, .row label { position: relative; z-index: 1; } .row label { margin: 0; }
.row .sample { grid-column: 3 / -1; font-size: 12px; white-space: nowrap; overflow: hidden; text-overflow: ellipsis; color: var(--ink-2); }
.row bdi { overflow-wrap: anywhere; }
.empty { padding: 48px 16px; text-align: center; color: var(--ink-2); }
.batch { display: grid; gap: 12px; } .batch > .rows { margin: 0; } .batch section > * + .buttons, .batch .buttons + p { margin-top: 12px; } .batch .buttons, .buttons { display: flex; flex-wrap: wrap; gap: 8px; align-items: center; }
.search { display: grid; grid-template-columns: 2fr 1fr 1fr auto; gap: 8px; align-items: end; margin: 0 0 16px; }
.search label { font-size: 12px; color: var(--ink-2); font-weight: 400; }
.ledger td { vertical-align: baseline; } .ledger tr { position: relative; } .ledger td:first-child, .ledger th:first-child { padding-left: 16px; }
.ledger .what { font-weight: 600; color: var(--ink); text-decoration: none; } .ledger .what:hover { text-decoration: underline; }
.flush { padding: 0; overflow: clip; }
.ledger time, .ledger td bdi { white-space: nowrap; } .ledger .what bdi { white-space: normal; overflow-wrap: anywhere; } .ledger .state { white-space: normal; align-items: baseline; }
@media (max-width: 900px) { .search { grid-template-columns: 1fr 1fr; } .search > :first-child { grid-column: 1 / -1; } }
`;
