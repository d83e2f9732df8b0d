import { describe, expect, test } from 'vitest';
import { ingest, type Arrival, type IngestOut } from '../../../pipelines/stream/ingest.ts';
import { toMarketTick, type MarketTick } from '../../../src/domain/tick.ts';

const S = 1_000_000;

const trade = (ts: number, id: string, price = 100): MarketTick =>
  toMarketTick({ kind: 'trade', venue: 'v', symbol: 'A', id, ts, price, size: 1 });

interface Options {
  readonly latenessUs?: number;
  readonly recordUs?: number;
  readonly barrierUs?: number;
  readonly clockUs?: number;
  readonly contiguous?: boolean;
}

function feeder() {
  const state = ingest.initial();
  return (tick: Arrival['tick'], options: Options = {}) => {
    const { recordUs = tick.ts, barrierUs = 0, contiguous = false, latenessUs = 2 * S } = options;
    const { clockUs = recordUs } = options;
    const out: IngestOut[] = [];
    const arrival = {
      tick,
      recordUs,
      clockUs,
      judgedByUs: clockUs,
      barrierUs,
      latenessUs,
      contiguousTradeIds: contiguous,
    };
    ingest.step(state, arrival, (o) => out.push(o));
    return out;
  };
}

const types = (out: readonly IngestOut[]): string[] => out.map(({ type }) => type);
const ordered = (out: readonly IngestOut[]): string[] =>
  out.flatMap((o) => (o.type === 'ordered' ? [o.tick.id] : []));

describe('ingest', () => {
  test('a tick is handed on once the watermark has passed it, not when it is reached', () => {
    const feed = feeder();
    expect(types(feed(trade(10 * S, '1')))).toEqual(['new', 'watermark']);
    expect(ordered(feed(trade(12 * S, '2'))), 'the watermark is at 10 s').toEqual([]);
    expect(ordered(feed(trade(12 * S + 1, '3')))).toEqual(['1']);
  });

  test('ticks overtaken within the lateness come out by time, then id as a number', () => {
    const feed = feeder();
    feed(trade(10 * S, '10'));
    feed(trade(9 * S, '7'));
    feed(trade(10 * S, '9'));
    expect(ordered(feed(trade(13 * S, '11')))).toEqual(['7', '9', '10']);
  });

  test('no tick is handed on twice, also when more lateness is allowed from now on', () => {
    const feed = feeder();
    const out = Array.from({ length: 10 }, (_, i) => feed(trade((10 + i) * S, String(i))));
    out.push(feed(trade(12 * S + 1, 'late'), { latenessUs: 10 * S }));
    for (let i = 10; i < 30; i++) out.push(feed(trade((10 + i) * S, String(i))));
    const ids = out.flatMap(ordered);
    expect(ids).toContain('late');
    expect(new Set(ids).size).toBe(ids.length);
  });

  test('a tick exactly at the watermark is in time, one microsecond before it is late', () => {
    const feed = feeder();
    feed(trade(10 * S, '1'));
    expect(types(feed(trade(8 * S, '2')))).toEqual(['new']);
    expect(types(feed(trade(8 * S - 1, '3')))).toEqual(['behind']);
  });

  test('the same content again is a duplicate, another content a correction that keeps the first', () => {
    const feed = feeder();
    feed(trade(10 * S, '1', 100));
    expect(types(feed(trade(10 * S, '1', 100)))).toEqual(['duplicate']);
    expect(feed(trade(10 * S, '1', 101))).toMatchObject([
      { type: 'correction', tick: { price: 101 }, kept: { price: 100 } },
    ]);
    expect(feed(trade(13 * S, '2'))).toContainEqual(
      expect.objectContaining({ type: 'ordered', tick: trade(10 * S, '1', 100) }),
    );
  });

  test('what is known never lies before the event, the record, the as-of barrier, or what was known before', () => {
    const feed = feeder();
    const knownAt = (out: readonly IngestOut[]): unknown =>
      (out[0] as { knownAt?: number }).knownAt;
    expect(knownAt(feed(trade(10 * S, '1'), { recordUs: 9 * S }))).toBe(10 * S);
    expect(knownAt(feed(trade(11 * S, '2'), { recordUs: 15 * S }))).toBe(15 * S);
    expect(knownAt(feed(trade(12 * S, '3'), { recordUs: 12 * S }))).toBe(15 * S);
    expect(knownAt(feed(trade(13 * S, '4'), { recordUs: 13 * S, barrierUs: 20 * S }))).toBe(
      20 * S + 1,
    );
    expect(knownAt(feed(trade(1 * S, '0'), { recordUs: 1 * S })), 'behind').toBe(20 * S + 2);
    expect(knownAt(feed(trade(14 * S, '5'), { recordUs: 14 * S })), 'not moved by it').toBe(
      20 * S + 1,
    );
  });

  test('more than 60 s ahead of the clock a tick or heartbeat is quarantined and moves nothing', () => {
    const feed = feeder();
    feed(trade(10 * S, '1'));
    expect(types(feed(trade(71 * S, '2'), { recordUs: 11 * S }))).toEqual([
      'new',
      'ordered',
      'watermark',
    ]);
    const far = { kind: 'heartbeat', ts: 200 * S } as const;
    expect(types(feed(far, { clockUs: 100 * S }))).toEqual(['future']);
    expect(types(feed(trade(72 * S, '3')))).toEqual(['new', 'watermark']);
  });

  test('a heartbeat moves the watermark, a late one is ignored', () => {
    const feed = feeder();
    feed(trade(10 * S, '1'));
    expect(ordered(feed({ kind: 'heartbeat', ts: 13 * S }))).toEqual(['1']);
    expect(feed({ kind: 'heartbeat', ts: 13 * S })).toEqual([]);
  });

  test('a jump in contiguous ids is a gap, in others nothing', () => {
    const feed = feeder();
    feed(trade(10 * S, '1'), { contiguous: true });
    feed(trade(11 * S, '2'), { contiguous: true });
    const out = feed(trade(20 * S, '9'), { contiguous: true });
    expect(types(out)).not.toContain('gap');
    expect(feed(trade(30 * S, '10'), { contiguous: true })).toContainEqual(
      expect.objectContaining({
        type: 'gap',
        gap: { fromId: '2', toId: '9', fromTs: 11 * S, toTs: 20 * S },
      }),
    );
    const other = feeder();
    other(trade(10 * S, '1'));
    expect(types(other(trade(20 * S, '9')))).not.toContain('gap');
    expect(types(other(trade(30 * S, '10')))).not.toContain('gap');
  });

  describe('ids of a venue that numbers its trades', () => {
    /** What was said of the numbering, for trades a few seconds apart. */
    const numberingNotes = (ids: readonly string[], stepUs = 3 * S): string[] => {
      const feed = feeder();
      const out = [...ids, '0'].flatMap((id, i) => {
        const last = i === ids.length ? 60 * S : 0;
        return feed(trade(10 * S + i * stepUs + last, id), { contiguous: true });
      });
      return out.flatMap((o) =>
        o.type === 'gap' || o.type === 'reset' ? [`${o.type} ${o.gap.fromId}-${o.gap.toId}`] : [],
      );
    };

    test('that fall back are a reset, and what is missing behind it is a gap', () => {
      expect(numberingNotes(['1000', '1001', '1', '2', '5', '6'])).toEqual([
        'reset 1001-1',
        'gap 2-5',
      ]);
    });

    test('are compared as whole numbers of any size', () => {
      const huge = ['9007199254740993', '9007199254740994', '9007199254740996'];
      expect(numberingNotes(huge)).toEqual(['gap 9007199254740994-9007199254740996']);
      expect(numberingNotes(['18446744073709551615', '1'])).toEqual([
        'reset 18446744073709551615-1',
      ]);
    });

    test('that change places within a second are no reset', () => {
      expect(numberingNotes(['100', '102', '101', '103'], S / 2)).toEqual(['gap 100-102']);
    });

    test('that are no whole numbers are not of the numbering', () => {
      expect(numberingNotes(['7', 'x8', '8', '9'])).toEqual([]);
    });

    test('that come again say nothing', () => {
      expect(numberingNotes(['7', '8', '8', '9'])).toEqual([]);
    });
  });

  describe('a timestamp of the record that cannot be right', () => {
    const at = { clockUs: 1_000 * S };
    test.each([
      ['in seconds', 1],
      ['zero', 0],
      ['below zero', -1000],
      ['a minute behind the tick', 1_000 * S - 61 * S],
      ['beyond the clock', 1_061 * S],
      ['in another unit', 9.2e21],
    ])('%s is told and ignored', (_what, recordUs) => {
      const feed = feeder();
      const out = feed(trade(1_000 * S, '1'), { ...at, recordUs });
      expect(types(out)).toEqual(['bad_clock', 'new', 'watermark']);
      expect(out[1]).toMatchObject({ knownAt: 1_000 * S });
      const next = feed(trade(1_001 * S, '2'), { clockUs: 1_001 * S, recordUs: 1_001 * S });
      expect(next[0], 'nothing is left of it').toMatchObject({ type: 'new', knownAt: 1_001 * S });
    });

    test.each([
      ['behind the tick by less than a minute', 1_000 * S - 60 * S],
      ['ahead of the clock by less than a minute', 1_060 * S],
      ['long ago, with a tick of then', 5 * S],
    ])('but %s it may be', (_what, recordUs) => {
      const ts = recordUs < 100 * S ? recordUs : 1_000 * S;
      expect(types(feeder()(trade(ts, '1'), { ...at, recordUs }))).not.toContain('bad_clock');
    });
  });
});
