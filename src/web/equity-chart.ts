/** Closed trades -> cumulative net profit and loss over event time, one area per account. */
import {
  AreaSeries,
  createChart,
  type IChartApi,
  type ISeriesApi,
  type UTCTimestamp,
} from 'lightweight-charts';
import type { EquityPoint } from './api.ts';
import { byId, h, show } from './dom.ts';
import { money, seconds } from './format.ts';
import { chartOptions, color, onTheme } from './theme.ts';

/** More lines than this could not be distinguished; the table has the rest. */
const TONES = ['right', 'pending', 'warn', 'muted'] as const;

export class EquityChart {
  readonly #chart: IChartApi;
  readonly #series = new Map<string, ISeriesApi<'Area'>>();
  #points: readonly EquityPoint[] = [];
  #seen = '';

  constructor(element: HTMLElement) {
    this.#chart = createChart(element, chartOptions());
    onTheme(() => {
      this.#chart.applyOptions(chartOptions());
      this.#paint();
    });
  }

  set(points: readonly EquityPoint[]): void {
    const seen = JSON.stringify(points.at(-1) ?? null) + points.length;
    if (seen === this.#seen) return;
    this.#points = points;
    const accounts = [...new Set(points.map(({ account }) => account))].slice(0, TONES.length);
    for (const [account, series] of this.#series) {
      if (accounts.includes(account)) continue;
      this.#chart.removeSeries(series);
      this.#series.delete(account);
    }
    for (const account of accounts) this.#of(account).setData(equityCurve(points, account));
    this.#paint();
    this.#chart.timeScale().fitContent();
    // Only what was drawn whole is not drawn again.
    this.#seen = seen;
    byId('equity').dataset['points'] = String(points.length);
  }

  #of(account: string): ISeriesApi<'Area'> {
    const known = this.#series.get(account);
    if (known !== undefined) return known;
    const series = this.#chart.addSeries(AreaSeries, {
      lineWidth: 2,
      priceLineVisible: false,
      priceFormat: { type: 'custom', minMove: 1e-8, formatter: (v: number) => money(String(v)) },
    });
    this.#series.set(account, series);
    return series;
  }

  #paint(): void {
    const items = [...this.#series].map(([account, series], i) => {
      const lineColor = color(TONES[i] ?? 'void');
      series.applyOptions({ lineColor, topColor: `${lineColor}44`, bottomColor: `${lineColor}05` });
      const last = this.#points.findLast((point) => point.account === account);
      const sum = last === undefined ? '' : `${money(last.cumulative_net_pnl, 2, true)} `;
      const swatch = h('span', { class: `swatch s${i}`, 'aria-hidden': 'true' });
      return h('li', {}, swatch, `${account}: net ${sum}${last?.currency ?? ''}`);
    });
    show('equity-legend', ...items);
  }
}

/** Beyond it the chart refuses a value. */
const DRAWN_MAX = 9e13;

/** In order of time. Several closes within one second are one point: the last. */
function equityCurve(points: readonly EquityPoint[], account: string) {
  const curve = new Map<number, number>();
  for (const { account: of, ts, cumulative_net_pnl } of points) {
    const value = Number(cumulative_net_pnl);
    if (of === account && Math.abs(value) <= DRAWN_MAX) curve.set(seconds(ts), value);
  }
  return [...curve]
    .map(([time, value]) => ({ time: time as UTCTimestamp, value }))
    .toSorted((a, b) => a.time - b.time);
}
