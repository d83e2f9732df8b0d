/** The page in a real browser on real servers: it shows what is there, follows it, comes back. */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { QuestDbWriter } from '../../src/questdb/writer.ts';
import { must } from '../../src/assert.ts';
import { parseUs, US_PER_MIN } from '../../src/domain/time.ts';
import { FEATURE_NAMES, FEATURE_SET } from '../../src/features/definition.ts';
import { FEWEST_ROWS } from '../../src/learning/drift.ts';
import { seededRandom } from '../../src/random.ts';
import { candles } from '../../src/questdb/tables/candles.ts';
import { featuresTable } from '../../src/questdb/tables/features.ts';
import { labels } from '../../src/questdb/tables/labels.ts';
import { predictions } from '../../src/questdb/tables/predictions.ts';
import { graded, minuteCandles, seedMarket, type Market } from '../http/market.ts';
import { startServer, type ServerUnderTest } from '../http/server-under-test.ts';
import { openBrowser, type Look, type TestBrowser } from '../support/browser.ts';

const market: Market = {
  venue: 'webtest',
  symbol: 'EUR/USD',
  account: 'webtest',
  endUs: parseUs('2026-06-12T20:00:00Z'),
  minutes: 600,
};
const HASH = `#${encodeURIComponent('webtest:EUR/USD')}/1m`;
const DESK: Look = { width: 1280, height: 800, colorScheme: 'dark' };
const SHOTS = mkdtempSync(join(tmpdir(), 'tickloom-shots-'));

let server: ServerUnderTest;
let browser: TestBrowser;

beforeAll(async () => {
  server = await startServer();
  await seedMarket(server.postgres, server.questdb, server.config.questdbUrl, market);
  await server.postgres.query(
    `INSERT INTO instruments (venue, symbol, base) VALUES ('webtest', 'NEW/USD', 'NEW')`,
  );
  await server.postgres.query(
    `INSERT INTO alerts (alert_key, severity, subject, message)
     VALUES ('webtest', 'error', 'webtest', 'webtest: somebody has to look')`,
  );
  browser = await openBrowser(DESK);
});
afterAll(async () => {
  await browser.close();
  await server.close();
});

const readText = async (page: Page, selector: string): Promise<string> =>
  (await page.locator(selector).first().textContent()) ?? '';

/** How many distinct colours a chart has drawn: an empty one has few. */
const countColours = (page: Page, selector: string): Promise<number> =>
  page.locator(`${selector} canvas`).evaluateAll((canvases) => {
    const seen = new Set<number>();
    for (const canvas of canvases as HTMLCanvasElement[]) {
      const { width, height } = canvas;
      if (width === 0 || height === 0) continue;
      const pixels = canvas.getContext('2d')?.getImageData(0, 0, width, height).data.buffer;
      if (pixels !== undefined) for (const pixel of new Uint32Array(pixels)) seen.add(pixel);
    }
    return seen.size;
  });

const candlesOn = (page: Page, atLeast: number): Promise<unknown> =>
  page.waitForFunction(
    (n) => Number(document.getElementById('chart')?.dataset['candles']) >= n,
    atLeast,
  );

async function addMinute(number: number): Promise<void> {
  const last = must(minuteCandles(market).at(-1));
  const [ts, decided] = [last.ts, last.decided_ts].map((us) => us + number * US_PER_MIN);
  const writer = new QuestDbWriter({ url: server.config.questdbUrl });
  await writer.write(candles, [
    Object.assign({}, last, { ts: must(ts), decided_ts: must(decided), close: 1.3999 }),
  ]);
  writer.close();
}

test('everything that is in the tables is on the page, of its own day, in UTC', async () => {
  const { page, errors } = await browser.open(`${server.url}/${HASH}`);
  await candlesOn(page, 600);
  await page.waitForSelector('#models .rules li');
  await page.waitForSelector('#flow .node');
  await page.waitForSelector('#trades tbody tr');
  expect(await readText(page, '#event-time')).toBe('2026-06-12 20:00:02');
  expect(await readText(page, '#readout')).toContain('2026-06-12 19:59');
  const chart = await page.locator('#chart').evaluate(({ dataset }) => Object.assign({}, dataset));
  expect(chart).toMatchObject({ candles: '600', predictions: '600', signals: '24' });
  expect(await countColours(page, '#chart')).toBeGreaterThan(20);
  expect(await countColours(page, '#equity')).toBeGreaterThan(20);
  expect(await readText(page, '#forecast')).toMatch(/Hit rate\d+\.\d %\d+ of \d+ right/);
  const models = await readText(page, '#models');
  expect(models).toContain('champion now' + 'webtest-better');
  expect(models).toContain('since 2026-06-12 19:30:00');
  expect(models).toContain('refused: 1 of 3 rules not met');
  expect(models).toContain('log_loss 0.6937 against 0.6931');
  expect(models).toContain('it passed the gate and waits: it is next');
  expect(await readText(page, '#accounts')).toContain('webtest (paper, a control group)');
  expect(await readText(page, '#flow')).toContain('42 behind');
  expect(await readText(page, '#flow')).toMatch(/Open alerts.*webtest: somebody has to look/s);
  // It is heard live; what it tells is of its own day.
  await page.waitForFunction(() =>
    document.getElementById('health')?.innerText.includes('data of 2026-06-12'),
  );
  expect(await readText(page, '#health')).toContain('Redis');
  const ours = /webtest \(paper, a control group\): equity ([\d.]+)/;
  const equity = ours.exec(await readText(page, '#accounts'))?.[1];
  expect(Number(equity)).toBeCloseTo(10_000, -2);
  await page.screenshot({ path: join(SHOTS, 'desk.png') });
  console.log(`  screenshots: ${SHOTS}`);
  expect(errors).toEqual([]);
  await page.close();
});

test('a trade leads to its signal, with the keyboard alone', async () => {
  const { page, errors } = await browser.open(`${server.url}/${HASH}`);
  const button = page.locator('#trades button[data-signal="webtest-5"]');
  await button.focus();
  await page.keyboard.press('Enter');
  await page.waitForSelector('dialog[open] dl');
  expect(await readText(page, 'dialog')).toContain('probability_up 0.56 above one half');
  await page.keyboard.press('Escape');
  await page.waitForSelector('dialog:not([open])', { state: 'attached' });
  expect(errors).toEqual([]);
  await page.close();
});

/** Rows that a model's features are held against, of the set that is served here. */
async function addFeatures(rows: number): Promise<void> {
  const random = seededRandom(3);
  const writer = new QuestDbWriter({ url: server.config.questdbUrl });
  const served = Array.from({ length: rows }, (_, i) => {
    const ts = market.endUs - i * US_PER_MIN;
    const values = Object.fromEntries(FEATURE_NAMES.map((name) => [name, 2 * random() - 1]));
    return {
      ...{ venue: market.venue, symbol: market.symbol, ts, decided_ts: ts, known_at: ts },
      ...{ feature_set: FEATURE_SET, feature_id: `f${i}`, revision: 0, flags: '', ...values },
    };
  });
  await writer.write(featuresTable(FEATURE_NAMES), served);
  writer.close();
  await server.questdb.waitApplied(['features']);
}

test('a model says in charts how it was judged and how it does since', async () => {
  await addFeatures(FEWEST_ROWS);
  const { page, errors } = await browser.open(`${server.url}/${HASH}`);
  await page.locator('#models button[data-model="webtest-better"]').click();
  await page.waitForSelector('#model-dialog[open] figure svg');
  const titles = await page.locator('#model-dialog figure h3').allTextContents();
  expect(titles).toEqual(['Walking forward', 'Calibration', 'Features', 'Drift', 'Learning curve']);
  const marks = await page
    .locator('#model-dialog .charts > figure')
    .evaluateAll((figures) =>
      figures
        .map((each) => each.querySelectorAll('[aria-label=dot] circle, [aria-label=bar] rect'))
        .map(({ length }) => length),
    );
  // Six parts by three predictors, five bins of the gate, twelve features each, four shares.
  expect(marks).toEqual([18, 5, 12, 12, 4]);
  expect(await readText(page, '#model-dialog dl')).toContain('12,345 rows');
  expect(await readText(page, '#model-dialog caption')).toContain('kept, slope 0.9');
  await page.screenshot({ path: join(SHOTS, 'model.png') });
  await page.keyboard.press('Escape');
  await page.locator('#models button[data-model="webtest-refused"]').click();
  await page.waitForFunction(() =>
    document.getElementById('model-body')?.innerText.includes('does not say how it was made'),
  );
  expect(errors).toEqual([]);
  await page.close();
});

test('a new candle appears by itself, also after the server has been restarted', async () => {
  const { page } = await browser.open(`${server.url}/${HASH}`);
  await page.waitForSelector('.health .good');
  await candlesOn(page, 600);
  await addMinute(1);
  await candlesOn(page, 601);
  expect(Number(await page.locator('#chart').getAttribute('data-predictions'))).toBe(600);
  expect(await readText(page, '#event-time')).toBe('2026-06-12 20:01:02');
  const port = Number(new URL(server.url).port);
  await server.close();
  await page.waitForFunction(() => /away|reconnecting/.test(document.body.innerText));
  server = await startServer({ port });
  await page.waitForFunction(() =>
    document.getElementById('health')?.innerText.startsWith('data of'),
  );
  await addMinute(2);
  await candlesOn(page, 602);
  await page.close();
});

test('a pending prediction takes its colour once it is graded', async () => {
  const { page } = await browser.open(`${server.url}/${HASH}`);
  await candlesOn(page, 600);
  const pending = (): Promise<number> =>
    page.locator('#chart').evaluate(({ dataset }) => Number(dataset['pending']));
  expect(await pending()).toBe(60);
  const { predicted, labelled } = graded(minuteCandles(market));
  const { ts, decided_ts } = must(predicted[540]);
  const writer = new QuestDbWriter({ url: server.config.questdbUrl });
  await writer.write(labels, [Object.assign({}, must(labelled[500]), { ts, decided_ts })]);
  writer.close();
  await page.waitForFunction(
    () => Number(document.getElementById('chart')?.dataset['pending']) === 59,
  );
  await page.close();
});

test.each([
  ['without candles', 'webtest:NEW/USD'],
  ['that nobody has seen yet', 'my-venue:BTC/USD'],
])('an instrument %s says so, and what to do', async (_, key) => {
  const hash = `#${encodeURIComponent(key)}/1m`;
  const { page, errors } = await browser.open(`${server.url}/${hash}`);
  await page.waitForFunction(() =>
    document.getElementById('chart-empty')?.innerText.includes('No data yet'),
  );
  expect(await readText(page, '#chart-empty')).toContain('tickloom feed');
  expect(await readText(page, '#market-title')).toBe(key);
  expect(new URL(page.url()).hash).toBe(hash);
  await page.waitForSelector('#models .empty');
  expect(await readText(page, '#models')).toContain('No data yet: no model');
  expect(errors).toEqual([]);
  await page.close();
});

test('what cannot be loaded at first is said, tried again, and then there', async () => {
  let failures = 2;
  const { page } = await browser.open(`${server.url}/${HASH}`, (before) =>
    before.route('**/v1/candles?**', (route) =>
      failures-- > 0 ? route.abort('connectionreset') : route.continue(),
    ),
  );
  await page.waitForFunction(() =>
    document.getElementById('chart-empty')?.innerText.includes('could not be loaded'),
  );
  await page.waitForFunction(() =>
    document.getElementById('health')?.innerText.includes('candles not loaded'),
  );
  await candlesOn(page, 600);
  expect(await page.locator('#chart-empty').isVisible()).toBe(false);
  await page.waitForFunction(
    () => !document.getElementById('health')?.innerText.includes('not loaded'),
  );
  await page.close();
});

test('everything is loaded once, and compressed', async () => {
  const { page, errors } = await browser.open(`${server.url}/${HASH}`);
  await candlesOn(page, 600);
  await page.waitForSelector('#forecast .score');
  await page.waitForSelector('#trades tbody tr');
  await page.waitForTimeout(1_500);
  const loaded = await page.evaluate(() =>
    (performance.getEntriesByType('resource') as PerformanceResourceTiming[]).map((each) => ({
      path: new URL(each.name).pathname,
      sent: each.transferSize,
      whole: each.decodedBodySize,
    })),
  );
  const times = (path: string): number => loaded.filter((each) => each.path === path).length;
  const lists = ['candles', 'predictions', 'signals', 'instruments', 'trades', 'accounts'];
  expect(lists.map((noun) => [noun, times(`/v1/${noun}`)])).toEqual(lists.map((noun) => [noun, 1]));
  const sent = loaded.reduce((sum, each) => sum + each.sent, 0);
  const whole = loaded.reduce((sum, each) => sum + each.whole, 0);
  console.log(`  ${sent} bytes came for ${whole}`);
  expect(sent).toBeLessThan(whole / 2.5);
  expect(errors).toEqual([]);
  await page.close();
});

test('the page stays with its instrument when another market becomes newer', async () => {
  const { page, errors } = await browser.open(`${server.url}/`, (before) => before.clock.install());
  await page.waitForFunction(() => location.hash !== '');
  const first = await readText(page, '#market-title');
  expect(decodeURIComponent(new URL(page.url()).hash)).toBe(`#${first}/1m`);
  const [newest] = await server.questdb.query<{ ts: number }>('SELECT max(ts) AS ts FROM candles');
  const later = { ts: must(newest).ts + US_PER_MIN, symbol: 'LATER/USD' };
  const writer = new QuestDbWriter({ url: server.config.questdbUrl });
  await writer.write(candles, [Object.assign({}, must(minuteCandles(market).at(-1)), later)]);
  writer.close();
  await server.questdb.waitApplied(['candles']);
  await page.clock.runFor(61_000);
  await page.waitForFunction(() =>
    document.getElementById('instrument')?.innerText.includes('webtest:LATER/USD'),
  );
  expect(await readText(page, '#market-title')).toBe(first);
  expect(await page.locator('#instrument').inputValue()).toBe(first);
  expect(errors).toEqual([]);
  await page.close();
});

test('many models scroll within their panel', async () => {
  await server.postgres.query(
    `INSERT INTO models (model_id, venue, symbol, label_spec, state, sha256, artifact, manifest,
       metrics, verdict, dataset_id, trained_at)
     SELECT 'webtest-many-' || n, venue, symbol, label_spec, state, sha256, artifact, manifest,
       metrics, verdict, dataset_id, trained_at
     FROM models, generate_series(1, 30) n WHERE model_id = 'webtest-refused'`,
  );
  const { page } = await browser.open(`${server.url}/${HASH}`);
  await page.waitForSelector('#models button[data-model="webtest-many-30"]', { state: 'attached' });
  const [height, whole] = await page
    .locator('#models')
    .evaluate(({ clientHeight, scrollHeight }) => [clientHeight, scrollHeight]);
  expect(height).toBeGreaterThan(300);
  expect(height).toBeLessThan(1_000);
  expect(whole).toBeGreaterThan(3_000);
  await page.screenshot({ path: join(SHOTS, 'many-models.png'), fullPage: true });
  await page.close();
  await server.postgres.query(`DELETE FROM models WHERE model_id LIKE 'webtest-many-%'`);
});

test('the words above the chart are of one candle', async () => {
  const writer = new QuestDbWriter({ url: server.config.questdbUrl });
  const last = must(graded(minuteCandles(market)).predicted.at(-1));
  const within = { ts: last.ts + 30 * US_PER_MIN, decided_ts: last.decided_ts + 30 * US_PER_MIN };
  await writer.write(predictions, [
    Object.assign({}, last, { ...within, prediction_id: 'within', probability_up: 0.777 }),
  ]);
  writer.close();
  await server.questdb.waitApplied(['predictions']);
  const hour = `#${encodeURIComponent('webtest:EUR/USD')}/1h`;
  const { page } = await browser.open(`${server.url}/${hour}`);
  await candlesOn(page, 10);
  const words = await readText(page, '#readout');
  expect(words).toMatch(/^2026-06-12 19:00 /);
  expect(words).toContain(`up ${(100 * last.probability_up).toFixed(1)} % (pending)`);
  await page.close();
});

test('a small phone has no column that is cut off', async () => {
  const phone = await openBrowser({ width: 320, height: 640, colorScheme: 'dark' });
  // A name as long as those of real venues.
  const writer = new QuestDbWriter({ url: server.config.questdbUrl });
  const [last] = minuteCandles(market).slice(-1);
  const longest = { symbol: '1000000SATS/USDT:USDT-261225-LONGEST' };
  await writer.write(candles, [Object.assign({}, must(last), longest)]);
  writer.close();
  await server.questdb.waitApplied(['candles']);
  try {
    const { page } = await phone.open(`${server.url}/${HASH}`);
    await candlesOn(page, 600);
    await page.waitForSelector('#trades tbody tr');
    await page.waitForSelector('#flow .node');
    expect(await readText(page, '#instrument')).toContain(longest.symbol);
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(320);
    await page.screenshot({ path: join(SHOTS, 'small-phone.png'), fullPage: true });
  } finally {
    await phone.close();
  }
});

test('it fits a phone, and is legible in the light', async () => {
  const phone = await openBrowser({ width: 390, height: 844, colorScheme: 'light' });
  try {
    const { page, errors } = await phone.open(`${server.url}/${HASH}`);
    await candlesOn(page, 600);
    await page.waitForSelector('#trades tbody tr');
    const width = await page.evaluate(() => document.documentElement.scrollWidth);
    expect(width).toBe(390);
    const contrast = await page.evaluate(contrasts);
    for (const { name, ratio } of contrast) {
      expect({ name, enough: ratio >= 4.5 }).toEqual({ name, enough: true });
    }
    await page.screenshot({ path: join(SHOTS, 'phone.png'), fullPage: true });
    expect(errors).toEqual([]);
  } finally {
    await phone.close();
  }
});

/** WCAG 2.2 contrast of the text colours on the panels; runs in the page. */
function contrasts(): { name: string; ratio: number }[] {
  const style = getComputedStyle(document.documentElement);
  const luminance = (name: string): number => {
    const hex = style.getPropertyValue(`--${name}`).trim().slice(1);
    const [r = 0, g = 0, b = 0] = [0, 2, 4].map((at) => {
      const part = parseInt(hex.slice(at, at + 2), 16) / 255;
      return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  return ['text', 'muted', 'accent', 'right', 'wrong', 'warn'].flatMap((name) =>
    ['panel', 'raised'].map((back) => {
      const [a = 0, b = 0] = [luminance(name), luminance(back)].toSorted((x, y) => y - x);
      return { name: `${name} on ${back}`, ratio: (a + 0.05) / (b + 0.05) };
    }),
  );
}
