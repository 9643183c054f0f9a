import { existsSync } from "node:fs";
import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";

/** Debian's path; no other browser is tried, so that CI and contributors run the same. */
const CHROMIUM = "/usr/bin/chromium";

/** Without these it looks for its maker's hosts at every start, and finds none on a closed network. */
const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** False only on a contributor's machine without Chromium; CI installs it. */
export const hasBrowser = existsSync(CHROMIUM) || process.env["CI"] !== undefined;

if (!hasBrowser) {
  console.warn(`The pages are not looked at in a browser: there is no ${CHROMIUM}.`);
}

export function startBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
}

/** A browser context with its console messages and its requests to other origins. */
export interface Visitor extends AsyncDisposable {
  readonly page: Page;
  /** Console messages, page errors and dialogs: refused loads, scripts that ran. */
  readonly messages: readonly string[];
  /** Requests to other origins than Gate's. */
  readonly strayed: readonly string[];
}

export async function visit(
  browser: Browser,
  origin: string,
  options: Parameters<Browser["newContext"]>[0] = {},
): Promise<Visitor> {
  const context: BrowserContext = await browser.newContext({
    viewport: { width: 1100, height: 900 },
    ...options,
  });
  const page = await context.newPage();
  const messages: string[] = [];
  const strayed: string[] = [];
  page.on("console", (message) => {
    // `[DOM]` is advice on forms; what breaks a policy or fails to load begins otherwise.
    if (!message.text().startsWith("[DOM]")) messages.push(message.text());
  });
  page.on("pageerror", (error) => messages.push(error.message));
  page.on("dialog", (dialog) => {
    messages.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on("request", (request) => {
    if (new URL(request.url()).origin !== origin) strayed.push(request.url());
  });
  return { page, messages, strayed, [Symbol.asyncDispose]: () => context.close() };
}
