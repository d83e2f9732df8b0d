/**
 * QuestDB beside a real browser: pages of other origins, and of a foreign host that leads here,
 * read and write nothing, also while somebody is signed in to its console.
 */
import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { queryQuestDb } from '../../src/questdb/http.ts';
import { loadConfig } from '../../src/config/config.ts';
import { openBrowser, type TestBrowser } from '../support/browser.ts';

const { questdbUrl } = loadConfig();
const { port, username, password } = new URL(questdbUrl);
const HERE = `http://127.0.0.1:${port}`;
/** Leads to this machine, as a name that was rebound does. */
const REBOUND = `http://rebound.example:${port}`;
/** The ways to what is stored. */
const DOORS = new Set(['/exec', '/exp', '/imp', '/write']);
const MADE = 'create table foreign_page (x int)';

let pages: Server;
let browser: TestBrowser;
let page: Page;

beforeAll(async () => {
  pages = createServer((_request, response) => {
    response.setHeader('content-type', 'text/html').end('<!doctype html><title>a page</title>');
  }).listen(0);
  await once(pages, 'listening');
  const look = { width: 1200, height: 800, colorScheme: 'dark' } as const;
  browser = await openBrowser(look, ['--host-resolver-rules=MAP rebound.example 127.0.0.1']);
});
afterAll(async () => {
  await browser.close();
  pages.close();
});

/** What a page may ask without anybody's leave, and what it gets to read of the answers. */
async function tryAll(origin: string): Promise<{ statuses: number[]; read: string[] }> {
  ({ page } = await browser.open(origin));
  const statuses: number[] = [];
  page.on('response', (response) => {
    // The files of the console itself are anybody's.
    const { port: of, pathname } = new URL(response.url());
    if (of === port && DOORS.has(pathname)) statuses.push(response.status());
  });
  const read = await page.evaluate(
    async ([here = '', sql = '']) => {
      const exec = `${here}/exec?query=${encodeURIComponent(sql)}`;
      const file = new FormData();
      file.append('data', new Blob(['x\n1\n']), 'foreign_page.csv');
      const simple = { mode: 'no-cors', credentials: 'include' } as const;
      const post = { ...simple, method: 'POST' } as const;
      const requests = [
        () => fetch(exec, simple),
        () => fetch(`${exec}&session=true`, simple),
        () => fetch(exec, { credentials: 'include' }),
        () => fetch(`${here}/exec?query=select+1`, { credentials: 'include' }),
        () => fetch(`${here}/exp?query=ticks`, simple),
        () => fetch(`${here}/imp?name=foreign_page`, { ...post, body: file }),
        () => fetch(`${here}/write`, { ...post, body: 'foreign_page x=1i 1\n' }),
      ];
      const found: string[] = [];
      for (const ask of requests) {
        const text = await ask().then(
          (answer) => answer.text(),
          () => '',
        );
        // Of a refusal nothing but its words.
        if (!/^\s*(Unauthorized)?\s*$/i.test(text)) found.push(text.slice(0, 80));
      }
      const image = new Image();
      const loaded = new Promise((resolve) => {
        image.addEventListener('load', resolve);
        image.addEventListener('error', resolve);
      });
      image.src = `${exec}&image`;
      await loaded;
      return found;
    },
    [origin === REBOUND ? '' : HERE, MADE],
  );
  await page.close();
  return { statuses, read };
}

async function nothingHappened(): Promise<void> {
  const { text } = await queryQuestDb(questdbUrl, '/exec?query=show+tables');
  expect(text).toContain('ticks');
  expect(text).not.toContain('foreign_page');
}

const foreign = (): string[] => {
  const own = (pages.address() as AddressInfo).port;
  // Another site, the same host at another port, and a name that leads to QuestDB itself.
  return [`http://localhost:${own}`, `http://127.0.0.1:${own}`, REBOUND];
};

async function refusedAll(): Promise<void> {
  for (const origin of foreign()) {
    const { statuses, read } = await tryAll(origin);
    // Of two requests that ask to read, the browser keeps even the refusal from a foreign page.
    const heard = origin === REBOUND ? 8 : 6;
    const refused = statuses.filter((status) => status === 401).length;
    expect(refused, origin).toBeGreaterThanOrEqual(heard);
    expect(
      statuses.filter((status) => status < 400),
      origin,
    ).toEqual([]);
    expect(read, origin).toEqual([]);
  }
  await nothingHappened();
}

test('pages of other origins and a rebound name read and write nothing', async () => {
  await refusedAll();
});

test('nor while somebody is signed in to the console, who reads', async () => {
  const { page: console_ } = await browser.open(HERE);
  await console_.locator('input[name=username]').fill(decodeURIComponent(username));
  await console_.locator('input[name=password]').fill(decodeURIComponent(password));
  await console_.keyboard.press('Enter');
  await console_.waitForFunction(() => (localStorage.getItem('basic.auth.header') ?? '') !== '');
  const signedIn = await console_.evaluate(async () => {
    const authorization = localStorage.getItem('basic.auth.header') ?? '';
    return (await fetch('/exec?query=select+1', { headers: { authorization } })).status;
  });
  expect(signedIn).toBe(200);
  expect(await console_.evaluate(() => document.cookie)).toBe('');
  await refusedAll();
  await console_.close();
});
