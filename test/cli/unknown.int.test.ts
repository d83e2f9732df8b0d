/** What a command is told and is not there is refused, and never answered as if it were empty. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { monotonicMs } from '../../src/clock.ts';
import { seedMarket } from '../http/market.ts';
import { startServer, type ServerUnderTest } from '../http/server-under-test.ts';
import { runWords } from '../support/run-words.ts';

let server: ServerUnderTest;
beforeAll(async () => {
  server = await startServer();
  const endUs = Date.parse('2026-05-08T20:00:00Z') * 1_000;
  const market = { venue: 'unknown', symbol: 'A/USD', account: 'unknown', minutes: 200, endUs };
  await seedMarket(server.postgres, server.questdb, server.config.questdbUrl, market);
});
afterAll(() => server.close());

test.each([
  ['curate trades --symbol no:where', /^tickloom: nothing is stored of no:where; known: /],
  [
    'curate trades --account nobody',
    /^tickloom: there is no account "nobody"; there are .*unknown/,
  ],
  ['curate reports --symbol no:where', /^tickloom: nothing is stored of no:where; known: /],
  ['dataset statistics --symbol no:where', /^tickloom: nothing is stored of no:where; known: /],
  ['models outcomes nobody', /^tickloom: there is no model "nobody": see tickloom models list$/],
  ['models show nobody', /^tickloom: there is no model "nobody": see tickloom models list$/],
  ['models drift nobody', /^tickloom: there is no model "nobody": see tickloom models list$/],
  [
    'models retire nobody --yes --why test',
    /there is no model "nobody": see tickloom models list$/,
  ],
  ['models undo 999999999 --yes --why test', /999999999: see tickloom models log$/],
  ['alerts ack 999999999', /no open alert 999999999: see tickloom alerts list$/],
  ['errors resolve 999999999', /no open error 999999999: see tickloom errors list$/],
  ['keys retire nobody --yes --why test', /^tickloom: there is no key "nobody"/],
])('%s', async (line, output) => {
  const found = await runWords(line.split(' '));
  expect(found.output).toMatch(output);
  expect(found.output.split('\n')).toHaveLength(1);
  expect(found.code).toBe(1);
});

test('doctor looks at everything within 5 s', async () => {
  const startMs = monotonicMs();
  const { output } = await runWords(['doctor']);
  expect(monotonicMs() - startMs).toBeLessThan(5_000);
  expect(output.match(/^(ok|PROBLEM) /gm)?.length).toBeGreaterThan(12);
});
