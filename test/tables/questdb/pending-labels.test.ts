/** Of many markets those are asked about that may have something new. */
import { describe, expect, test } from 'vitest';
import { parseUs, US_PER_DAY } from '../../../src/domain/time.ts';
import { LabelBacklog } from '../../../src/tables/questdb/pending-labels.ts';
import type { SqlReader } from '../../../src/tables/questdb/table.ts';

const AT = parseUs('2026-03-02T12:00:00Z');
const SETTINGS = { horizonUs: 0, latenessUs: 0, labelSpec: 'direction_1h@1', moreLabelSpecs: [] };

/** All that was decided has its label, up to half a day before `AT`, or years before. */
class Tables implements SqlReader {
  asked = 0;
  readonly query = async <Row extends object>(_sql: string, params: readonly unknown[] = []) => {
    this.asked += 1;
    const isOld = String(params[1]).startsWith('OLD');
    const to_ts = AT - (isOld ? 4_000 * US_PER_DAY : 0);
    const row = { label_spec: SETTINGS.labelSpec, matured: 9, pending: 0, from_ts: null, to_ts };
    // One by one there is a venue among the parameters.
    return (params.length > 2 ? [row] : []) as object[] as Row[];
  };
  readonly waitApplied = () => Promise.resolve();
}

const markets = (reachedTs: number, old = 3) =>
  Array.from({ length: 60 }, (_, i) => ({
    ...{ venue: 'v', symbol: i < old ? `OLD${i}` : `S${i}` },
    reachedTs: i < old ? AT : reachedTs,
  }));

describe('a backlog', () => {
  test('asks about each market once, then by set, and about quiet ones seldom', async () => {
    let [nowMs, reachedTs] = [0, AT];
    const tables = new Tables();
    const watermarks = () => Promise.resolve(markets(reachedTs));
    const backlog = new LabelBacklog(tables, watermarks, SETTINGS, () => nowMs);
    const asked = async (): Promise<number> => {
      tables.asked = 0;
      await backlog.pending();
      return tables.asked;
    };
    expect(await asked()).toBe(60);
    // The 57 by one question; the few of years ago not in between, but each for itself.
    expect(await asked()).toBe(4);
    nowMs = 301_000;
    expect(await asked()).toBe(4);
    expect(await asked()).toBe(0);
    reachedTs += 1;
    expect(await asked()).toBe(1);
    // What was decided late, of a market that stands still, is found minutes later.
    nowMs += 301_000;
    expect(await asked()).toBe(4);
  });

  test('of few markets asks at every look, unless it may rest: then seldom, once they rest', async () => {
    let [nowMs, reachedTs] = [0, AT];
    const tables = new Tables();
    const watermarks = () => Promise.resolve(markets(reachedTs).slice(0, 5));
    const backlog = new LabelBacklog(tables, watermarks, SETTINGS, () => nowMs);
    const asked = async (mayRest: boolean): Promise<number> => {
      tables.asked = 0;
      await backlog.pending(undefined, { mayRest });
      return tables.asked;
    };
    expect(await asked(true)).toBe(5);
    expect(await asked(true)).toBe(5);
    nowMs = 5_001;
    expect(await asked(true)).toBe(0);
    // Whoever has to know now is told now.
    expect(await asked(false)).toBe(5);
    nowMs += 10_000;
    expect(await asked(true)).toBe(5);
    expect(await asked(true)).toBe(0);
    reachedTs += 1;
    expect(await asked(true)).toBe(2);
  });

  test('of one subject asks about that alone', async () => {
    const tables = new Tables();
    const backlog = new LabelBacklog(tables, () => Promise.resolve(markets(AT)), SETTINGS);
    await backlog.pending('v:S7');
    expect(tables.asked).toBe(1);
  });
});
