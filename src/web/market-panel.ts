/**
 * The market panel: loads what the chart shows, follows events, and reads the chart out in words.
 */
import { TIMEFRAMES } from '../domain/candle.ts';
import { list, type Candle, type Instrument, type Prediction, type Signal } from './api.ts';
import { byId, h, show } from './dom.ts';
import { dateTime, money, percent, priceDigits } from './format.ts';
import { MarketChart, type Reading } from './market-chart.ts';

/** Candles on the chart: a day of minutes and a bit. */
const CANDLES = 1_500;
const PREDICTIONS = 5_000;

const LEGEND = [
  ['right', 'prediction right'],
  ['wrong', 'wrong'],
  ['pending', 'pending'],
  ['void', 'void or undecided'],
  ['mark', '▲▼ signal, with entry, stop and target of the newest'],
] as const;

const isPending = ({ outcome }: Prediction): boolean => outcome === 'pending';

export class MarketPanel {
  readonly #chart: MarketChart;
  #instrument: Instrument | null = null;
  #timeframe = '1m';
  #candles: Candle[] = [];
  #predictions: Prediction[] = [];
  #signals: Signal[] = [];
  /** Events that come while the lists are read; null while they are not. */
  #early: (() => void)[] | null = [];

  constructor() {
    this.#chart = new MarketChart(byId('chart'), (reading) => this.#read(reading));
    const items = LEGEND.map(([kind, text]) =>
      h('li', {}, h('span', { class: `swatch ${kind}`, 'aria-hidden': 'true' }), text),
    );
    show('legend', ...items);
    byId('last-day').addEventListener('click', () => this.#chart.showLastDay());
  }

  get candles(): readonly Candle[] {
    return this.#candles;
  }

  get predictions(): readonly Prediction[] {
    return this.#predictions;
  }

  /** Event time of the newest candle or prediction. */
  get newest(): string | null {
    const times = [this.#candles, this.#predictions].map((all) => all.at(-1)?.decided_ts ?? '');
    return times.toSorted().at(-1) || null;
  }

  /** Another instrument or timeframe: nothing is shown of it until it is loaded. */
  choose(instrument: Instrument, timeframe: string): void {
    this.#instrument = instrument;
    this.#timeframe = timeframe;
    this.#candles = [];
    this.#predictions = [];
    this.#signals = [];
    this.#early = [];
    this.#draw(false);
    this.#cover(h('b', {}, 'Loading …'));
  }

  /** What keeps it from being loaded; null: nothing does. */
  showError(error: Error | null): void {
    if (error === null || this.#candles.length > 0) return;
    this.#cover(h('b', {}, 'The candles could not be loaded'), `${error.message}; trying again`);
  }

  /** Reads everything again; the first of a choice moves the chart to the end of the data. */
  async load(): Promise<void> {
    const instrument = this.#instrument;
    if (instrument === null) return;
    this.#early ??= [];
    const { venue, symbol } = instrument;
    const timeframe = this.#timeframe;
    const of = { venue, symbol };
    const candles = await list<Candle>('candles', { ...of, timeframe, limit: CANDLES });
    const from = candles.at(-1)?.ts;
    const since = from === undefined ? {} : { from };
    const [predictions, signals] = await Promise.all([
      list<Prediction>('predictions', { ...of, ...since, limit: PREDICTIONS }),
      list<Signal>('signals', { ...of, ...since, limit: 500 }),
    ]);
    // The reader has gone on to something else while we were waiting.
    if (instrument !== this.#instrument || timeframe !== this.#timeframe) return;
    const first = this.#candles.length === 0;
    this.#candles = candles.toReversed();
    this.#predictions = predictions.toReversed();
    this.#signals = signals.toReversed();
    this.#draw(first);
    const early = this.#early ?? [];
    this.#early = null;
    for (const add of early) add();
  }

  /** Puts words in the place of the chart. */
  #cover(...words: (Node | string)[]): void {
    const place = byId('chart-empty');
    place.hidden = false;
    place.replaceChildren(...words);
  }

  /** Does it now, or behind the lists that are being read, which may not have it yet. */
  #add(work: () => void): void {
    if (this.#early !== null) {
      this.#early.push(() => this.#add(work));
      return;
    }
    work();
    this.#drawSoon();
  }

  /** Reads predictions again from the first one that has no outcome yet. */
  async loadOutcomes(): Promise<void> {
    const instrument = this.#instrument;
    const pending = this.#predictions.find(isPending);
    if (instrument === null || pending === undefined) return;
    const { venue, symbol } = instrument;
    const query = { venue, symbol, from: pending.ts, limit: PREDICTIONS };
    const found = (await list<Prediction>('predictions', query)).toReversed();
    if (instrument !== this.#instrument) return;
    const earlier = this.#predictions.filter(({ ts }) => ts < pending.ts);
    this.#predictions = [...earlier, ...found].slice(-PREDICTIONS);
    this.#drawSoon();
  }

  addCandle(candle: Candle): void {
    if (candle.timeframe !== this.#timeframe) return;
    this.#add(() => {
      const others = this.#candles.filter(({ ts }) => ts !== candle.ts);
      this.#candles = [...others, candle].slice(-CANDLES);
    });
  }

  addPrediction(prediction: Prediction): void {
    this.#add(() => {
      const others = this.#predictions.filter(({ ts }) => ts !== prediction.ts);
      this.#predictions = [...others, prediction].slice(-PREDICTIONS);
    });
  }

  addSignal(signal: Signal): void {
    this.#add(() => {
      const others = this.#signals.filter(({ signal_id: id }) => id !== signal.signal_id);
      this.#signals = [...others, signal];
    });
  }

  #pending = false;

  /** Many events at once are one drawing. */
  #drawSoon(): void {
    if (this.#pending) return;
    this.#pending = true;
    requestAnimationFrame(() => {
      this.#pending = false;
      this.#draw(false);
    });
  }

  #draw(fit: boolean): void {
    const timeframeS = (TIMEFRAMES.find(({ name }) => name === this.#timeframe)?.us ?? 0) / 1e6;
    const [candles, predictions, signals] = [this.#candles, this.#predictions, this.#signals];
    this.#chart.set({ candles, predictions, signals, timeframeS }, fit);
    byId('chart-empty').hidden = candles.length > 0;
    if (candles.length === 0) {
      this.#cover(
        h('b', {}, `No data yet: no ${this.#timeframe} candle of this instrument`),
        'One appears once ticks past its end have come in: ',
        h('code', {}, 'npx tickloom feed --help'),
      );
    }
    // The charts are canvases; this shows a test, and whoever looks, what they were given.
    const given = { candles, predictions, signals, pending: predictions.filter(isPending) };
    for (const [name, { length }] of Object.entries(given)) {
      byId('chart').dataset[name] = String(length);
    }
    this.#read(this.#chart.last());
  }

  #read({ candle, prediction, signals }: Reading): void {
    if (candle === undefined) return show('readout');
    const digits = priceDigits(candle.close);
    const price = (label: string, value: number): string => `${label} ${value.toFixed(digits)} `;
    const parts: (Node | string)[] = [
      h('b', {}, dateTime(candle.ts).slice(0, 16)),
      ` ${price('O', candle.open)}${price('H', candle.high)}`,
      `${price('L', candle.low)}${price('C', candle.close)}`,
    ];
    if (prediction !== undefined) {
      const up = percent(prediction.probability_up);
      parts.push('· up ', h('b', {}, up), ` (${prediction.outcome})`);
    }
    for (const signal of signals) {
      const levels = [signal.entry, signal.stop_loss, signal.take_profit].map((level) =>
        money(level, digits),
      );
      parts.push(` · ${signal.direction} ${levels[0]}, stop ${levels[1]}, target ${levels[2]}`);
    }
    show('readout', ...parts);
  }
}
