/** A record that is imported: whose clock counts for what, in ingest and in what comes of it. */
import { describe, expect, test } from 'vitest';
import {
  importedAt,
  ingest,
  judgeHistory,
  type IngestOut,
} from '../../../pipelines/stream/ingest.ts';
import { labelDecisions, type LabelRequest } from '../../../pipelines/labels/labels.ts';
import { instrumentStream, type Derived } from '../../../pipelines/stream/stream.ts';
import { initialControlState } from '../../../src/domain/control.ts';
import { toMarketTick } from '../../../src/domain/tick.ts';
import { US_PER_HOUR, US_PER_MIN } from '../../../src/domain/time.ts';

const S = 1_000_000;
const LATENESS = 2 * S;
const CUT = 1_000_000 * S;
const NOW = CUT + 500 * S;

const trade = (ts: number, id = String(ts), price = 100) =>
  toMarketTick({ kind: 'trade', venue: 'v', symbol: 'A', id, ts, price, size: 1 });

const makeArrival = (tick: ReturnType<typeof trade>, isImported: boolean, recordUs = tick.ts) => {
  const log = { clockUs: NOW, judgedByUs: NOW, barrierUs: CUT };
  const fixed = { latenessUs: LATENESS, contiguousTradeIds: false };
  return { tick, recordUs, ...log, ...fixed, importedAt: importedAt({ isImported }, log) };
};

function feeder() {
  const state = ingest.initial();
  return (tick: ReturnType<typeof trade>, isImported = true, recordUs = tick.ts): IngestOut[] => {
    const out: IngestOut[] = [];
    ingest.step(state, makeArrival(tick, isImported, recordUs), (o) => out.push(o));
    return out;
  };
}

const knownAt = (out: readonly IngestOut[], type: IngestOut['type']): number | undefined => {
  const found = out.find((o) => o.type === type);
  return found !== undefined && 'knownAt' in found ? found.knownAt : undefined;
};

describe('an imported record', () => {
  test('is known since when it claims, and any other since the last as-of barrier', () => {
    expect(knownAt(feeder()(trade(10 * S), true, 15 * S), 'new')).toBe(15 * S);
    expect(knownAt(feeder()(trade(10 * S), false, 15 * S), 'new')).toBe(CUT + 1);
  });

  test('claims nothing before it happened, nor before what came in front of it', () => {
    const feed = feeder();
    expect(knownAt(feed(trade(10 * S), true, 9 * S), 'new')).toBe(10 * S);
    feed(trade(11 * S), true, 30 * S);
    expect(knownAt(feed(trade(12 * S), true, 12 * S), 'new')).toBe(30 * S);
    feed(trade(31 * S), false);
    expect(knownAt(feed(trade(32 * S), true, 32 * S), 'new')).toBe(CUT + 1);
  });

  test('that comes behind the watermark, or contradicts, is known of since it came', () => {
    const feed = feeder();
    feed(trade(10 * S, 'a'));
    feed(trade(20 * S, 'b'));
    expect(knownAt(feed(trade(10 * S, 'c'), true, 21 * S), 'behind')).toBe(CUT + 1);
    const corrected = trade(20 * S, 'b', 101);
    expect(knownAt(feed(corrected, true, 21 * S), 'correction')).toBe(CUT + 1);
    const wrongClock = feed(trade(22 * S, 'd'), true, NOW + US_PER_HOUR);
    expect(knownAt(wrongClock, 'bad_clock')).toBe(NOW);
    expect(knownAt(wrongClock, 'new')).toBe(NOW);
  });

  test('came by the clock of the log, the next one where there was none, behind the last as-of barrier', () => {
    const log = { clockUs: NOW, judgedByUs: NOW, barrierUs: CUT };
    expect(importedAt({ isImported: true }, log)).toBe(NOW);
    expect(importedAt({ isImported: true }, { ...log, clockUs: 0, judgedByUs: NOW + 7 })).toBe(
      NOW + 7,
    );
    expect(importedAt({ isImported: true }, { ...log, barrierUs: NOW + 10 })).toBe(NOW + 11);
    expect(importedAt({}, log)).toBeNull();
  });

  test('of history has its own clock, and the job that looks for history still finds it', () => {
    const none = (): void => undefined;
    const claimed = judgeHistory(makeArrival(trade(10 * S), true, 15 * S), none);
    expect(claimed).toEqual({ knownAt: 15 * S, notedAt: NOW });
    const plain = judgeHistory(makeArrival(trade(10 * S), false, NOW), none);
    expect(plain).toEqual({ knownAt: NOW, notedAt: NOW });
  });
});

describe('what is computed of imported records', () => {
  const stream = instrumentStream({ horizonUs: US_PER_HOUR, labelSpec: 'direction_1h@1' });
  const run = (imported: (minute: number) => boolean): Derived[] => {
    const state = stream.initial();
    const out: Derived[] = [];
    const control = { ...initialControlState(), cut: CUT };
    const getModel = (): never => {
      throw new Error('there is no model');
    };
    for (let minute = 0; minute < 4; minute++) {
      const arrival = makeArrival(trade(minute * US_PER_MIN + 3 * S), imported(minute));
      stream.step(state, { venue: 'v', symbol: 'A', arrival, control, getModel }, (o) =>
        out.push(o),
      );
    }
    return out;
  };
  const listClocks = (out: readonly Derived[]) =>
    out.flatMap((o) =>
      o.kind === 'feature' || o.kind === 'prediction' ? [[o.known_at, o.imported_at]] : [],
    );

  test('has the known_at of the deciding tick, and says when that came', () => {
    const minutes = [1, 2, 3].map((minute) => minute * US_PER_MIN + 3 * S);
    const twice = minutes.flatMap((ts) => [
      [ts, NOW],
      [ts, NOW],
    ]);
    expect(listClocks(run(() => true))).toEqual(twice);
  });

  test('has none of it where a live tick decides', () => {
    expect(listClocks(run((minute) => minute === 0))).toEqual(
      Array.from({ length: 6 }, () => [CUT + 1, undefined]),
    );
    expect(JSON.stringify(run(() => false))).not.toContain('imported_at');
  });
});

describe('a label', () => {
  const end = US_PER_HOUR + 100 * S;
  const shown = (arrivals: LabelRequest['arrivals']) =>
    labelDecisions({
      ...{ venue: 'v', symbol: 'A', labelSpec: 'direction_1h@1', horizonUs: US_PER_HOUR },
      ...{ latenessUs: LATENESS, decisions: [{ ts: 100 * S, decidedTs: 100 * S }] },
      ...{ prices: [], gaps: [], arrivals },
    }).map(({ label_known_at, imported_at }) => [label_known_at, imported_at]);

  test('is of an import where one showed it first, and not where a live record did at once', () => {
    const at = end + LATENESS;
    const imported = { ts: at, knownAt: at, importedAt: NOW };
    expect(shown([imported, { ts: at + 1, knownAt: at + 5 }])).toEqual([[at, NOW]]);
    expect(shown([imported, { ts: at + 1, knownAt: at }])).toEqual([[at, undefined]]);
    expect(
      shown([
        { ts: at, knownAt: at },
        { ...imported, ts: at + 1 },
      ]),
    ).toEqual([[at, undefined]]);
  });
});
