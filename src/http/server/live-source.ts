/**
 * The tables -> what is new in them. Candles and predictions of an instrument only ever come later
 * than the last; signals, trades and models also change, so their newest rows are compared.
 */
import { Type } from 'typebox';
import { must } from '../../assert.ts';
import { parseInstrumentKey } from '../../domain/wire.ts';
import * as changes from '../tables/changes.ts';
import { readInstruments } from '../tables/instruments.ts';
import type { DbRow } from '../tables/postgres-list.ts';
import type { Instrument } from '../../questdb/table.ts';
import * as c from '../columns.ts';
import { defaultLabelSpec, type HttpContext } from '../context.ts';
import { ALL, type LiveEvent, type LiveSource } from '../live-feed.ts';
import { Candle } from '../routes/candles.ts';
import { Prediction } from '../routes/predictions.ts';
import { Signal } from '../routes/signals.ts';
import { Trade } from '../routes/trades.ts';

const Model = Type.Object({
  model_id: c.text(),
  venue: c.text(),
  symbol: c.text(),
  label_spec: c.text(),
  state: c.text(),
  verdict: c.json(),
  trained_at: c.time(),
  from_ts: c.maybe(c.time()),
  until_ts: c.maybe(c.time()),
});

/** Where the source stands with one instrument. */
interface Position {
  readonly candles: Map<string, number>;
  prediction: number;
  readonly signals: Map<string, string>;
  readonly trades: Map<string, string>;
}

/** Subscribers of everything get at most this many instruments, those with the newest data. */
const MAX_INSTRUMENTS = 50;

export class TableSource implements LiveSource {
  readonly #context: HttpContext;
  readonly #positions = new Map<string, Position>();
  readonly #models = new Map<string, string>();
  #modelsKnown = false;

  constructor(context: HttpContext) {
    this.#context = context;
  }

  async poll(wanted: ReadonlySet<string>): Promise<LiveEvent[] | null> {
    const events: LiveEvent[] = [];
    for (const key of await this.#expand(wanted)) {
      const instrument = parseInstrumentKey(key);
      if (instrument === null) continue;
      const position = this.#positions.get(key);
      if (position === undefined) this.#positions.set(key, await this.#present(instrument));
      else if (!(await this.#instrument(key, instrument, position, events))) {
        this.#positions.set(key, await this.#present(instrument));
        return null;
      }
    }
    const models = await changes.modelStates(this.#context.postgres);
    const found = changed(models, 'model_id', this.#models);
    if (this.#modelsKnown) {
      for (const row of found) events.push(event('model', null, c.toItem(Model, row)));
    }
    this.#modelsKnown = true;
    return events;
  }

  async #expand(wanted: ReadonlySet<string>): Promise<Set<string>> {
    if (!wanted.has(ALL)) return new Set(wanted);
    const rows = await readInstruments(this.#context.questdb, this.#context.postgres);
    const all = rows.slice(0, MAX_INSTRUMENTS).map(({ venue, symbol }) => `${venue}:${symbol}`);
    return new Set([...wanted, ...all]);
  }

  async #present(instrument: Instrument): Promise<Position> {
    const { questdb, postgres, config } = this.#context;
    const rows = await changes.newestCandles(questdb, instrument);
    const spec = defaultLabelSpec(config);
    const position: Position = {
      candles: new Map(rows.map(({ timeframe, ts }) => [timeframe, ts])),
      prediction: await changes.newestPrediction(questdb, instrument, spec),
      signals: new Map(),
      trades: new Map(),
    };
    changed(await changes.newestSignals(postgres, instrument), 'signal_id', position.signals);
    changed(await changes.newestTrades(postgres, instrument), 'trade_id', position.trades);
    return position;
  }

  /** Adds what is new of an instrument; false when it is too much. */
  async #instrument(
    key: string,
    instrument: Instrument,
    position: Position,
    events: LiveEvent[],
  ): Promise<boolean> {
    const { questdb, postgres, config } = this.#context;
    // The oldest of the timeframes' newest candles: a long candle starts before the short ones.
    const from = position.candles.size === 0 ? 0 : Math.min(...position.candles.values());
    const candles = await changes.candlesFrom(questdb, instrument, from);
    const spec = defaultLabelSpec(config);
    const after = Math.max(position.prediction, 0);
    const predictions = await changes.predictionsAfter(questdb, instrument, spec, after);
    if (Math.max(candles.length, predictions.length) >= changes.MAX_NEW_ROWS) return false;
    for (const row of candles) {
      const [timeframe, ts] = [String(row['timeframe']), row['ts'] as number];
      if (ts <= (position.candles.get(timeframe) ?? -1)) continue;
      position.candles.set(timeframe, ts);
      events.push(event('candle', key, c.toItem(Candle, row)));
    }
    for (const row of predictions) {
      position.prediction = row['ts'] as number;
      events.push(event('prediction', key, c.toItem(Prediction, { ...row, outcome: 'pending' })));
    }
    const signals = await changes.newestSignals(postgres, instrument);
    for (const row of changed(signals, 'signal_id', position.signals)) {
      events.push(event('signal', key, c.toItem(Signal, row)));
    }
    const trades = await changes.newestTrades(postgres, instrument);
    for (const row of changed(trades, 'trade_id', position.trades)) {
      events.push(event('trade', key, c.toItem(Trade, row)));
    }
    return true;
  }
}

const event = (type: LiveEvent['type'], instrument: string | null, data: unknown): LiveEvent => ({
  type,
  instrument,
  data,
});

/** The rows that are new or differ from `known`, oldest first; `known` then holds just these. */
function changed(rows: readonly DbRow[], id: string, known: Map<string, string>): DbRow[] {
  const texts = new Map(rows.map((row) => [String(row[id]), JSON.stringify(row)]));
  const found = rows.filter((row) => {
    const key = String(row[id]);
    return known.get(key) !== must(texts.get(key));
  });
  known.clear();
  for (const [key, text] of texts) known.set(key, text);
  return found.toReversed();
}
