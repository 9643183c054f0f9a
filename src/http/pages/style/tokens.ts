/*
 * One list of colours for both themes: every token is `light-dark()` over OKLCH, so that a lightness changes and a hue
 * does not. Text on its ground has a contrast of at least 4.5:1 in both.
 */
export const TOKENS = `
:root {
  color-scheme: light dark;
  --paper: light-dark(oklch(98.5% .004 255), oklch(17% .008 255));
  --sheet: light-dark(oklch(100% 0 0), oklch(21% .01 255));
  --sunk: light-dark(oklch(96.5% .004 255), oklch(14% .008 255));
  --ink: light-dark(oklch(22% .02 255), oklch(95% .004 255));
  --ink-2: light-dark(oklch(42% .02 255), oklch(78% .012 255));
  --ink-3: light-dark(oklch(50% .018 255), oklch(70% .014 255));
  --line: light-dark(oklch(90% .006 255), oklch(30% .012 255));
  --line-2: light-dark(oklch(64% .012 255), oklch(52% .016 255));
  --accent: light-dark(oklch(50% .17 262), oklch(72% .13 262));
  --on-accent: light-dark(oklch(100% 0 0), oklch(17% .02 262));
  --ok: light-dark(oklch(43% .11 150), oklch(82% .12 150));
  --ok-tint: light-dark(oklch(95.5% .035 150), oklch(26% .045 150));
  --wait: light-dark(oklch(45% .1 75), oklch(84% .11 78));
  --wait-tint: light-dark(oklch(96% .04 80), oklch(27% .045 75));
  --stop: light-dark(oklch(46% .17 27), oklch(80% .11 27));
  --stop-tint: light-dark(oklch(96% .025 27), oklch(26% .06 27));
  --doubt: light-dark(oklch(45% .15 305), oklch(82% .1 305));
  --doubt-tint: light-dark(oklch(96% .025 305), oklch(27% .06 305));
  --idle: light-dark(oklch(44% .015 255), oklch(76% .012 255));
  --idle-tint: light-dark(oklch(94.5% .005 255), oklch(27% .01 255));
  --mark: light-dark(oklch(92% .11 95), oklch(40% .09 90));
  --sans: system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
  --mono: ui-monospace, SFMono-Regular, Menlo, Consolas, "Liberation Mono", monospace;
}
`;
