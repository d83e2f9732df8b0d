/** Mutations of what is made of a record's bytes, of ingest, and of candles. */
import { mutation, testsIn, type Mutation } from './mutation.ts';

const INGEST = 'pipelines/stream/ingest.ts';
const ingest = testsIn('test/pipelines/stream/ingest.test.ts', 'ingest');
const candles = testsIn('test/pipelines/stream/candles.test.ts', 'candles');
const decode = testsIn('test/stream/decode.test.ts', 'decodeTicks');
const control = testsIn('test/domain/control.test.ts', 'control records');
const fetched = testsIn('test/kafka/fetch.test.ts', 'fetched bytes');
const scanner = testsIn('test/stream/tick-scanner.test.ts', 'the scanner leaves alone');

const SIGNED = decode('a control record counts only with our signature over exactly its content');
const HELD_ORDER = 'ticks overtaken within the lateness come out by time, then id as a number';
const KNOWN =
  'what is known never lies before the event, the record, the as-of barrier, or what was known before';
const FAR =
  'more than 60 s ahead of the clock a tick or heartbeat is quarantined and moves nothing';
const KEPT =
  'the same content again is a duplicate, another content a correction that keeps the first';

export const TICK_MUTATIONS: readonly Mutation[] = [
  mutation(
    'heartbeat-without-watermark',
    ingest('a heartbeat moves the watermark, a late one is ignored'),
    INGEST,
    `      emit({ type: 'heartbeat', ts: tick.ts, knownAt });
      advance(state, arrival, emit);`,
    `      emit({ type: 'heartbeat', ts: tick.ts, knownAt });`,
  ),
  mutation(
    'tick-at-the-watermark-handed-on',
    ingest('a tick is handed on once the watermark has passed it, not when it is reached'),
    INGEST,
    'tick.ts < watermark;',
    'tick.ts <= watermark;',
  ),
  mutation(
    'tick-at-the-watermark-late',
    ingest('a tick exactly at the watermark is in time, one microsecond before it is late'),
    INGEST,
    'if (tick.ts < state.maxTs - latenessUs) {',
    'if (tick.ts <= state.maxTs - latenessUs) {',
  ),
  mutation(
    'held-ticks-not-by-id',
    ingest(HELD_ORDER),
    'src/domain/tick.ts',
    'return compareIds(a.id, b.id);',
    'return a.id < b.id ? -1 : Number(a.id > b.id);',
  ),
  mutation(
    'handed-on-forgotten',
    ingest('no tick is handed on twice, also when more lateness is allowed from now on'),
    INGEST,
    'findPlace(state.held, state.handed ?? 0, tick)',
    'findPlace(state.held, 0, tick)',
  ),
  mutation(
    'correction-takes-the-place',
    ingest(KEPT),
    INGEST,
    `else emit({ type: 'correction', tick, kept: twin, knownAt: notedAt });`,
    `else {
        emit({ type: 'correction', tick, kept: twin, knownAt });
        state.held[place] = tick;
      }`,
  ),
  mutation(
    'repeat-not-recognised',
    ingest(KEPT),
    INGEST,
    'if (twin !== undefined && compareTicks(twin, tick) === 0) {',
    'if (twin === tick) {',
  ),
  mutation(
    'late-known-with-what-came-before',
    ingest(KNOWN),
    INGEST,
    `emit({ type: 'behind', tick, knownAt: Math.max(notedAt, state.knownAt + 1) });`,
    `emit({ type: 'behind', tick, knownAt: notedAt });`,
  ),
  mutation(
    'cut-ignored',
    ingest(KNOWN),
    INGEST,
    'Math.max(recordUs, tick.ts, state.knownAt, earliestKnownAt(arrival));',
    'Math.max(recordUs, tick.ts, state.knownAt);',
  ),
  mutation(
    'heartbeat-of-the-future',
    ingest(FAR),
    INGEST,
    `const { tick, barrierUs, latenessUs } = arrival;
    if (tick.ts > arrival.judgedByUs`,
    `const { tick, barrierUs, latenessUs } = arrival;
    if (tick.kind !== 'heartbeat' && tick.ts > arrival.judgedByUs`,
  ),
  mutation(
    'gap-not-told',
    ingest('a jump in contiguous ids is a gap, in others nothing'),
    INGEST,
    'lastTrade !== null && step !== 1',
    'lastTrade !== null && (step < 1 || step > 10)',
  ),
  mutation(
    'control-by-anybody',
    SIGNED,
    'src/stream/decode.ts',
    "if (verdict !== 'ours') return dead(verdict",
    'if (verdict === null) return dead(verdict',
  ),
  mutation(
    'control-version-not-signed',
    SIGNED,
    'src/domain/control.ts',
    'return canonicalJson({ control_id, version, type, subject, body });',
    'return canonicalJson({ control_id, type, subject, body });',
  ),
  mutation(
    'control-version-not-compared',
    control('of a version that is not newer are void'),
    'src/domain/control.ts',
    'if (version <= (state.versions[counter] ?? 0)) return false;',
    '',
  ),
  mutation(
    'control-version-by-type-alone',
    control('count their versions by type and subject'),
    'src/domain/control.ts',
    'const counter = `${control.type}|${control.subject}`;',
    'const counter = control.type;',
  ),
  mutation(
    'cut-moves-back',
    control('never move the as-of barrier back'),
    'src/domain/control.ts',
    'Math.max(state.cut, boundedBarrier(body as BarrierControl, byUs))',
    'boundedBarrier(body as BarrierControl, byUs)',
  ),
  mutation(
    'frame-with-a-bad-tick',
    decode(
      '[{"kind":"trade","venue":"v","symbol":"A/B","id":"1","ts":5, is dead: price_not_positive',
    ),
    'src/stream/decode.ts',
    'return dead(item.reason, `item ${i}: ${field}${item.detail}`.slice(0, DETAIL_MAX));',
    'continue;',
  ),
  mutation(
    'scanner-takes-a-price-of-zero',
    scanner('a price of zero'),
    'src/stream/tick-scanner.ts',
    'if (n[PRICE] === 0) return null;',
    '',
  ),
  mutation(
    'key-of-another-of-its-hash',
    fetched('a key is the same text whoever asks, whatever came between'),
    'src/kafka/interned-text.ts',
    'if (slot !== undefined && isAt(slot.bytes, buffer, from, length)) return slot.text;',
    'if (slot !== undefined) return slot.text;',
  ),
  mutation(
    'candle-closes-too-soon',
    candles('nothing closes before the watermark reaches the end, and nothing closes twice'),
    'pipelines/stream/candles.ts',
    'endTs <= ts; endTs = nextEnd(state)',
    'endTs <= ts + 1; endTs = nextEnd(state)',
  ),
  mutation(
    'longer-candle-without-its-close',
    candles('a longer candle equals the candle over all its ticks'),
    'pipelines/stream/candles.ts',
    'open.close = minute.close;',
    '',
  ),
  mutation(
    'mids-in-a-trade-candle',
    candles('quotes make mid candles until the first trade, whose interval is a trade candle'),
    'pipelines/stream/candles.ts',
    'if (state.traded) return;',
    '',
  ),
];
