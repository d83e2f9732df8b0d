/** The style sheet's colours for the charts, which draw on canvases and cannot use it. */
import { ColorType, CrosshairMode, type DeepPartial, type ChartOptions } from 'lightweight-charts';

export const color = (name: string): string =>
  getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

/** Calls back at once, and whenever the system changes between dark and light. */
export function onTheme(apply: () => void): void {
  apply();
  matchMedia('(prefers-color-scheme: light)').addEventListener('change', apply);
}

/** What all charts share. The link that the licence requires stands in the page's footer. */
export const chartOptions = (): DeepPartial<ChartOptions> => ({
  autoSize: true,
  layout: {
    background: { type: ColorType.Solid, color: color('panel') },
    textColor: color('muted'),
    fontSize: 11,
    fontFamily: 'system-ui, sans-serif',
    attributionLogo: false,
    panes: { separatorColor: color('line'), enableResize: true },
  },
  grid: { vertLines: { color: color('line') }, horzLines: { color: color('line') } },
  rightPriceScale: { borderColor: color('line') },
  timeScale: {
    borderColor: color('line'),
    timeVisible: true,
    secondsVisible: false,
    // A day of minutes has to fit into a phone.
    minBarSpacing: 0.1,
  },
  crosshair: { mode: CrosshairMode.Normal },
  localization: { locale: 'en-GB', dateFormat: 'yyyy-MM-dd' },
});
