/**
 * A real Chromium for a test, with an empty profile, that speaks to nobody but the page's server.
 */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium, type BrowserContext, type Page } from 'playwright-core';

const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

const ARGS = [
  '--headless=new',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

export interface Look {
  readonly width: number;
  readonly height: number;
  readonly colorScheme: 'dark' | 'light';
}

export interface TestBrowser {
  /**
   * A new page; `errors` collects what its console, its scripts and its requests complain of.
   * `prepare` has the page before it asks for anything.
   */
  open(
    url: string,
    prepare?: (page: Page) => Promise<unknown>,
  ): Promise<{ page: Page; errors: string[] }>;
  close(): Promise<void>;
}

/** The browser's program, or an error that says what to install. */
export function chromiumPath(): string {
  const found = PLACES.find((path) => existsSync(path));
  if (found !== undefined) return found;
  throw new Error(
    `this test needs Chromium at one of ${PLACES.join(', ')}: apt-get install -y chromium`,
  );
}

/** `more`: further switches of Chromium. */
export async function openBrowser(
  { width, height, colorScheme }: Look,
  more: readonly string[] = [],
): Promise<TestBrowser> {
  const profile = mkdtempSync(join(tmpdir(), 'tickloom-browser-'));
  const context: BrowserContext = await chromium.launchPersistentContext(profile, {
    executablePath: chromiumPath(),
    args: [...ARGS, ...more],
    ignoreDefaultArgs: ['--headless'],
    headless: true,
    viewport: { width, height },
    colorScheme,
    timezoneId: 'America/New_York',
  });
  // A page that follows its server is waited for, however busy the machine is.
  context.setDefaultTimeout(90_000);
  const open: TestBrowser['open'] = async (url, prepare) => {
    const page = await context.newPage();
    const errors: string[] = [];
    page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) errors.push(message.text());
    });
    page.on('pageerror', (error) => errors.push(error.message));
    page.on('request', (request) => {
      const foreign = new URL(request.url()).origin !== new URL(url).origin;
      if (foreign && !request.url().startsWith('data:')) errors.push(`asked ${request.url()}`);
    });
    await prepare?.(page);
    await page.goto(url);
    return { page, errors };
  };
  const close = async (): Promise<void> => {
    await context.close();
    rmSync(profile, { recursive: true, force: true, maxRetries: 3 });
  };
  return { open, close };
}
