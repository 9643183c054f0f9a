/** The reference of the API: text that is read and searched. */
export const REFERENCE = `
.group { margin: 32px 0 12px; font-size: 16px; scroll-margin-top: 8px; } .group .dim { font-weight: 400; font-size: 14px; }
h3 { font-size: 14px; line-height: 1.4; font-weight: 600; margin: 0 0 8px; } h3 code { overflow-wrap: anywhere; }
h4 { font-size: 12px; font-weight: 600; color: var(--ink-2); margin: 12px 0 4px; }
.anchor { color: inherit; text-decoration: none; } .anchor:hover { text-decoration: underline; }
.members { list-style: none; padding: 0; } .members > li { padding: 4px 0; border-top: 1px solid var(--line); overflow-wrap: anywhere; }
.members > li:first-child { border-top: 0; } .members .members { margin: 4px 0 0; padding-left: 16px; border-left: 2px solid var(--line); }
section:target { border-color: var(--accent); }
`;
