/** The words of the header's pills: what is live, of its own day, away, or in trouble. */
import { describe, expect, test } from 'vitest';
import { liveText, troubleText } from '../../src/web/health.ts';

const NOW = Date.UTC(2026, 10, 27) / 1000;

describe('a pill', () => {
  test.each([
    ['live', '2026-11-26T23:59:00.000000Z', 'live'],
    ['live', null, 'waiting for data'],
    ['live', '2014-05-09T20:59:59.000000Z', 'data of 2014-05-09'],
    ['live', '2026-11-26T23:40:00.000000Z', 'data of 2026-11-26'],
    ['away', '2014-05-09T20:59:59.000000Z', 'server away'],
  ] as const)('%s with %s is "%s"', (live, newest, text) => {
    expect(liveText(live, newest, NOW)[0]).toBe(text);
  });

  test.each([
    ['redis', 'Redis is away (connect ECONNREFUSED): jobs wait', 'Redis away'],
    ['redis', 'Redis is full and takes no job: give it more memory', 'Redis in trouble'],
    ['questdb', 'the table candles is suspended', 'QuestDB in trouble'],
    ['kafka', 'no answer within 2 s', 'Kafka away'],
    ['stages', 'sink stands still at 3 of 4', 'Stages stand still'],
  ])('%s with "%s" is "%s"', (name, state, text) => {
    expect(troubleText(name, state)).toBe(text);
  });
});
