/**
 * Candles, signals and predictions -> the chart: candles with markers above, and below a pane of
 * probabilities, up or down from one half, coloured by what became of them.
 *
 * Its range is the instrument's own data, whenever that was; the wall clock plays no part.
 */
import {
  CandlestickSeries,
  createChart,
  createSeriesMarkers,
  HistogramSeries,
  LineStyle,
  type IChartApi,
  type IPriceLine,
  type ISeriesApi,
  type ISeriesMarkersPluginApi,
  type MouseEventParams,
  type Time,
  type UTCTimestamp,
} from 'lightweight-charts';
import type { Candle, Prediction, Signal } from './api.ts';
import { signalArrows } from './arrows.ts';
import { priceDigits, seconds } from './format.ts';
import { chartOptions, color, onTheme } from './theme.ts';

export interface MarketData {
  readonly candles: readonly Candle[];
  readonly predictions: readonly Prediction[];
  readonly signals: readonly Signal[];
  readonly timeframeS: number;
}

/** What lies under the cursor, or at the right end without one. */
export interface Reading {
  readonly candle: Candle | undefined;
  readonly prediction: Prediction | undefined;
  readonly signals: readonly Signal[];
}

/** Bars that a chart shows at first, by its width: thinner ones could not be distinguished. */
const BAR_PX = 4;

export class MarketChart {
  readonly #chart: IChartApi;
  readonly #candles: ISeriesApi<'Candlestick'>;
  readonly #strip: ISeriesApi<'Histogram'>;
  readonly #markers: ISeriesMarkersPluginApi<Time>;
  readonly #element: HTMLElement;
  #lines: IPriceLine[] = [];
  #data: MarketData = { candles: [], predictions: [], signals: [], timeframeS: 60 };
  #byTime = new Map<number, Reading>();

  constructor(element: HTMLElement, onReading: (reading: Reading) => void) {
    this.#element = element;
    this.#chart = createChart(element, chartOptions());
    this.#candles = this.#chart.addSeries(CandlestickSeries, {
      borderVisible: false,
      priceLineVisible: false,
    });
    this.#strip = this.#chart.addSeries(HistogramSeries, STRIP, 1);
    const half = this.#strip.createPriceLine({ price: 0, lineWidth: 1, title: '' });
    this.#markers = createSeriesMarkers(this.#candles, []);
    const [market, strip] = this.#chart.panes();
    market?.setStretchFactor(3);
    strip?.setStretchFactor(1);
    this.#chart.subscribeCrosshairMove((event) => onReading(this.#reading(event)));
    onTheme(() => {
      this.#chart.applyOptions(chartOptions());
      const [upColor, downColor] = [color('up'), color('down')];
      const wicks = { wickUpColor: upColor, wickDownColor: downColor };
      half.applyOptions({ color: color('muted') });
      this.#candles.applyOptions({ upColor, downColor, ...wicks });
      this.#draw();
    });
  }

  /** Shows other data; `fit` moves to its end, otherwise the reader's place stays. */
  set(data: MarketData, fit: boolean): void {
    this.#data = data;
    this.#byTime = readingsByTime(data);
    this.#draw();
    if (fit) this.#showEnd();
  }

  /** Moves to the last 24 hours of the data, however thin the bars become. */
  showLastDay(): void {
    const { candles, timeframeS } = this.#data;
    const last = candles.at(-1);
    if (last === undefined) return;
    const start = seconds(last.ts) + timeframeS - 86_400;
    const from = candles.findIndex(({ ts }) => seconds(ts) >= start);
    this.#chart.timeScale().setVisibleLogicalRange({ from, to: candles.length + 2 });
  }

  /** The reading at the right end: of one candle, with what was predicted at its own end. */
  last(): Reading {
    const last = this.#data.candles.at(-1);
    const reading = last === undefined ? undefined : this.#byTime.get(seconds(last.ts));
    return reading ?? NOTHING;
  }

  #draw(): void {
    const { candles, predictions, signals, timeframeS } = this.#data;
    const digits = priceDigits(candles.at(-1)?.close ?? 1);
    const priceFormat = { type: 'price', precision: digits, minMove: 10 ** -digits } as const;
    this.#candles.applyOptions({ priceFormat });
    this.#candles.setData(
      candles.map(({ ts, open, high, low, close }) => ({
        time: seconds(ts) as UTCTimestamp,
        open,
        high,
        low,
        close,
      })),
    );
    const shown = atCandles(predictions, timeframeS);
    this.#strip.setData(
      shown.map(({ time, prediction }) => ({
        time: time as UTCTimestamp,
        value: prediction.probability_up - 0.5,
        color: outcomeColor(prediction),
      })),
    );
    this.#mark(signals, timeframeS, candles[0]);
  }

  #mark(signals: readonly Signal[], timeframeS: number, first: Candle | undefined): void {
    const start = first === undefined ? Infinity : seconds(first.ts);
    const shown = signals.filter(({ decided_ts: ts }) => seconds(ts) >= start);
    this.#markers.setMarkers(
      signalArrows(shown, timeframeS).map(({ time, isBuy, isExecuted, count }) => ({
        time: time as UTCTimestamp,
        position: isBuy ? 'belowBar' : 'aboveBar',
        shape: isBuy ? 'arrowUp' : 'arrowDown',
        color: color(isExecuted ? 'warn' : 'void'),
        size: 1,
        ...(count > 1 ? { text: String(count) } : {}),
      })),
    );
    for (const line of this.#lines) this.#candles.removePriceLine(line);
    const latest = shown.toSorted((a, b) => seconds(a.decided_ts) - seconds(b.decided_ts)).at(-1);
    this.#lines = latest === undefined ? [] : signalLines(latest).map((l) => this.#line(l));
  }

  #line({ price, title, tone }: { price: string; title: string; tone: string }): IPriceLine {
    return this.#candles.createPriceLine({
      price: Number(price),
      title,
      color: color(tone),
      lineWidth: 1,
      lineStyle: LineStyle.Dashed,
      axisLabelVisible: true,
    });
  }

  #showEnd(): void {
    const { length } = this.#data.candles;
    const bars = Math.max(60, Math.floor(this.#element.clientWidth / BAR_PX));
    const from = Math.max(length - bars, -4);
    this.#chart.timeScale().setVisibleLogicalRange({ from, to: length + 4 });
  }

  #reading({ time }: MouseEventParams): Reading {
    return typeof time === 'number' ? (this.#byTime.get(time) ?? NOTHING) : this.last();
  }
}

const NOTHING: Reading = { candle: undefined, prediction: undefined, signals: [] };

const STRIP = {
  base: 0,
  priceLineVisible: false,
  lastValueVisible: false,
  priceFormat: {
    type: 'custom',
    minMove: 0.001,
    formatter: (value: number) => `${Math.round((value + 0.5) * 100)} %`,
  },
} as const;

const signalLines = (signal: Signal) => [
  { price: signal.entry, title: 'entry', tone: 'muted' },
  { price: signal.stop_loss, title: 'stop', tone: 'down' },
  { price: signal.take_profit, title: 'target', tone: 'up' },
];

const outcomeColor = ({ outcome }: Prediction): string =>
  color(outcome === 'undecided' ? 'void' : outcome);

const floorTo = (value: number, step: number): number => Math.floor(value / step) * step;

/** A prediction belongs to the candle at whose end it was made, where one of this length ended. */
function atCandles(predictions: readonly Prediction[], timeframeS: number) {
  const shown = new Map<number, Prediction>();
  for (const prediction of predictions) {
    const end = seconds(prediction.ts);
    if (end % timeframeS === 0) shown.set(end - timeframeS, prediction);
  }
  return [...shown]
    .map(([time, prediction]) => ({ time, prediction }))
    .sort((a, b) => a.time - b.time);
}

function readingsByTime({ candles, predictions, signals, timeframeS }: MarketData) {
  const readings = new Map<number, Reading>();
  const at = (time: number): Reading => readings.get(time) ?? NOTHING;
  for (const candle of candles) {
    const time = seconds(candle.ts);
    readings.set(time, { ...at(time), candle });
  }
  for (const { time, prediction } of atCandles(predictions, timeframeS)) {
    readings.set(time, { ...at(time), prediction });
  }
  for (const signal of signals) {
    const time = floorTo(seconds(signal.decided_ts), timeframeS);
    readings.set(time, { ...at(time), signals: [...at(time).signals, signal] });
  }
  return readings;
}
