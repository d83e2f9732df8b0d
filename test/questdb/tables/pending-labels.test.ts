/** Of many markets those are asked about that may have something new. */
import { describe, expect, test } from 'vitest';
import { parseUs, US_PER_DAY } from '../../../src/domain/time.ts';
import { LabelBacklog, type PendingLabels } from '../../../src/questdb/tables/pending-labels.ts';
import type { SqlReader } from '../../../src/questdb/table.ts';

const AT = parseUs('2026-03-02T12:00:00Z');
const SETTINGS = { horizonUs: 0, latenessUs: 0, labelSpec: 'direction_1h@1', moreLabelSpecs: [] };

/** All that was decided has its label, up to half a day before `AT`, or years before. */
class Tables implements SqlReader {
  queries = 0;
  readonly query = async <Row extends object>(_sql: string, params: readonly unknown[] = []) => {
    this.queries += 1;
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
    const queries = async (): Promise<number> => {
      tables.queries = 0;
      await backlog.pending();
      return tables.queries;
    };
    expect(await queries()).toBe(60);
    // The 57 by one question; the few of years ago not in between, but each for itself.
    expect(await queries()).toBe(4);
    nowMs = 601_000;
    expect(await queries()).toBe(4);
    expect(await queries()).toBe(0);
    reachedTs += 1;
    expect(await queries()).toBe(1);
    // What was decided late, of a market that stands still, is found minutes later.
    nowMs += 601_000;
    expect(await queries()).toBe(4);
  });

  test('of few markets asks at every look, unless it may rest: then seldom, once they rest', async () => {
    let [nowMs, reachedTs] = [0, AT];
    const tables = new Tables();
    const watermarks = () => Promise.resolve(markets(reachedTs).slice(0, 5));
    const backlog = new LabelBacklog(tables, watermarks, SETTINGS, () => nowMs);
    const queries = async (mayRest: boolean): Promise<number> => {
      tables.queries = 0;
      await backlog.pending(undefined, { mayRest });
      return tables.queries;
    };
    expect(await queries(true)).toBe(5);
    expect(await queries(true)).toBe(5);
    nowMs = 5_001;
    expect(await queries(true)).toBe(0);
    // Whoever has to know now is told now.
    expect(await queries(false)).toBe(5);
    nowMs += 10_000;
    expect(await queries(true)).toBe(5);
    expect(await queries(true)).toBe(0);
    reachedTs += 1;
    expect(await queries(true)).toBe(2);
  });

  test('of one subject asks about that alone', async () => {
    const tables = new Tables();
    const backlog = new LabelBacklog(tables, () => Promise.resolve(markets(AT)), SETTINGS);
    await backlog.pending('v:S7');
    expect(tables.queries).toBe(1);
  });

  test('that begins with very many guesses where each stands, and then looks at each whole', async () => {
    const many = Array.from({ length: 240 }, (_, i) => ({
      ...{ venue: 'v', symbol: `S${i}` },
      // Three of long ago, of which nothing is guessed.
      reachedTs: AT - (i < 3 ? 900 * US_PER_DAY : 0),
    }));
    const queries: string[] = [];
    /** Of S7 an old decision lacks its label, of S9 the newest. */
    const reader: SqlReader = {
      waitApplied: () => Promise.resolve(),
      query: <Row extends object>(sql: string, params: readonly unknown[] = []) => {
        const label_spec = SETTINGS.labelSpec;
        const row = (i: number) => ({ venue: 'v', symbol: `S${i}`, label_spec, ts: AT - 60 });
        const rows = (list: object[]): Promise<Row[]> => Promise.resolve(list as Row[]);
        if (/max\(ts\) AS ts FROM labels/.test(sql)) {
          queries.push('labels');
          return rows(many.slice(0, 200).map((_, i) => row(i)));
        }
        if (/min\(ts\) AS ts FROM predictions/.test(sql)) {
          queries.push('predictions');
          return rows(many.slice(0, 235).map((_, i) => row(i)));
        }
        const well = { matured: 1, pending: 0, from_ts: null, to_ts: AT };
        const open = { matured: 1, pending: 1, from_ts: AT, to_ts: AT, decided_ts: AT };
        if (params.length === 2) {
          queries.push('set');
          return rows(
            many.slice(3, 235).map((_, i) => ({ ...row(i + 3), ...(i === 6 ? open : well) })),
          );
        }
        queries.push(`one ${String(params[1])} from ${String(params[2]).slice(0, 4)}`);
        const old = { ...open, from_ts: AT - 300 * US_PER_DAY };
        const answers: Record<string, object> = { S7: old, S9: open };
        return rows([{ label_spec, ...(answers[String(params[1])] ?? well) }]);
      },
    };
    let nowMs = 0;
    const backlog = new LabelBacklog(
      reader,
      () => Promise.resolve(many),
      SETTINGS,
      () => nowMs,
    );
    const first = await backlog.pending(undefined, { mayRest: true });
    const ones = (count: number, from: number) =>
      Array.from({ length: count }, (_, i) => `one S${i + from} from 1970`);
    // Three are old, of five there is nothing of the last day; then the first is looked at.
    expect(queries.slice(0, 3)).toEqual(['labels', 'predictions', 'set']);
    expect(queries.slice(3).toSorted()).toEqual(
      [...ones(3, 0), ...ones(5, 235), ...ones(1, 3)].toSorted(),
    );
    expect(first.map(({ symbol, from_ts }) => [symbol, AT - from_ts])).toEqual([['S9', 0]]);
    // All of them in the end, one at each look, also while nothing moves.
    nowMs = 31_000;
    const later: PendingLabels[] = [];
    for (let look = 0; look < 240; look++) {
      later.push(...(await backlog.pending(undefined, { mayRest: true })));
    }
    expect(later.find(({ symbol }) => symbol === 'S7')?.from_ts).toBe(AT - 300 * US_PER_DAY);
    const whole = new Set(queries.filter((one) => one.endsWith('from 1970')));
    expect(whole.size).toBe(240);
    queries.length = 0;
    await backlog.pending(undefined, { mayRest: true });
    expect(queries.filter((one) => one.endsWith('from 1970'))).toEqual([]);
    // Whoever has to know now does not go by a guess.
    const exact = new LabelBacklog(
      reader,
      () => Promise.resolve(many),
      SETTINGS,
      () => nowMs,
    );
    queries.length = 0;
    await exact.pending();
    expect(queries).toHaveLength(240);
  });

  test('is not gone through at all while the list is the same and all of it rests', async () => {
    let nowMs = 0;
    const tables = new Tables();
    let list = markets(AT, 0);
    let reads = 0;
    const counted = () =>
      list.map((market) => ({
        ...market,
        get reachedTs() {
          reads += 1;
          return AT;
        },
      }));
    let current = counted();
    const backlog = new LabelBacklog(
      tables,
      () => Promise.resolve(current),
      SETTINGS,
      () => nowMs,
    );
    const look = async (): Promise<[queries: number, reads: number]> => {
      [tables.queries, reads] = [0, 0];
      await backlog.pending(undefined, { mayRest: true });
      return [tables.queries, Math.min(reads, 1)];
    };
    expect(await look()).toEqual([60, 1]);
    nowMs = 31_000;
    // Asked within the last ten minutes: it rests until those are over.
    expect(await look()).toEqual([0, 1]);
    expect(await look()).toEqual([0, 0]);
    nowMs = 601_000;
    expect(await look()).toEqual([1, 1]);
    list = markets(AT, 0);
    current = counted();
    expect(await look()).toEqual([0, 1]);
    expect(await look()).toEqual([0, 0]);
  });
});
