/** Which errors are the world's, and which are the work's own. */
import { describe, expect, test } from 'vitest';
import { QuestDbSuspendedError } from '../../src/questdb/reader.ts';
import { findOutage } from '../../src/runtime/outage.ts';

const coded = (code: string, message = 'x'): Error => Object.assign(new Error(message), { code });

describe('an outage', () => {
  test.each([
    [coded('ECONNREFUSED'), 'server'],
    [coded('57P01', 'terminating connection due to administrator command'), 'server'],
    [new Error('gone', { cause: coded('ECONNRESET') }), 'server'],
    [new QuestDbSuspendedError('QuestDB has suspended table ticks'), 'suspended'],
    [new Error('QuestDB has not applied its log to ticks within 60 s'), 'questdb'],
    [new Error('Query read timeout'), 'questdb'],
    [new Error('the flow is not drained: sink is at 1 of 2 in ticks/0'), 'flow'],
    // Noted by an older version.
    [new Error('the flow has not settled: sink is at 1 of 2 in ticks/0'), 'flow'],
    [new Error('after 300 s its cut is not sent'), 'flow'],
    [new Error('after 300 s decisions wait for their labels'), 'flow'],
    [coded('ENOSPC', 'write'), 'disk'],
    [new Error('OOM command not allowed when used memory > maxmemory'), 'redis'],
    [Object.assign(new Error('x'), { name: 'KafkaJSNumberOfRetriesExceeded' }), 'kafka'],
  ] as const)('is seen in %s', (error, outage) => {
    expect(findOutage(error)).toBe(outage);
  });

  test.each([
    new Error('labels refused: price'),
    coded('23505', 'duplicate key value'),
    coded('42P01', 'relation "x" does not exist'),
    new TypeError('cannot read properties of undefined'),
    'a text',
  ])('is not seen in %s', (error) => {
    expect(findOutage(error)).toBeNull();
  });
});
