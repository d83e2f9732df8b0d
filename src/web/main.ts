/**
 * The page: chooses the instrument (the one with the newest data until the reader chooses), keeps
 * the panels up to date by events and a slow poll, and survives restarts of the server.
 */
import { TIMEFRAMES } from '../domain/candle.ts';
import { listAll, type Candle, type Instrument, type Prediction, type Signal } from './api.ts';
import { byId, empty, h, show } from './dom.ts';
import { loadFlow } from './flow-panel.ts';
import { loadForecast } from './forecast-panel.ts';
import { dateTime } from './format.ts';
import { loadHealth } from './health.ts';
import { listen, type LiveState } from './live.ts';
import { MarketPanel } from './market-panel.ts';
import { loadModels } from './models-panel.ts';
import { loadMoney } from './money-panel.ts';

const FLOW_MS = 3_000;
const SLOW_MS = 10_000;

const market = new MarketPanel();
const select = byId('instrument') as HTMLSelectElement;
let instruments: Instrument[] = [];
let current: Instrument | null = null;
let timeframe = '1m';
/** The reader has chosen an instrument, by hand or by the address. */
let chosen = false;
let live: LiveState = 'connecting';
let stop: () => void = () => undefined;

const keyOf = ({ venue, symbol }: Instrument): string => `${venue}:${symbol}`;

/** Work whose failure only means "not now": the next round tries again, the pills say why. */
function attempt(work: Promise<unknown>): void {
  work.catch((error: unknown) => {
    byId('main').dataset['trouble'] = error instanceof Error ? error.message : String(error);
  });
}

async function loadInstruments(): Promise<void> {
  instruments = await listAll<Instrument>('instruments', { limit: 5000 });
  const [first] = instruments;
  if (first === undefined) {
    showNothing();
    return;
  }
  const options = instruments.map((i) => h('option', { value: keyOf(i) }, keyOf(i)));
  show('instrument', ...options);
  select.disabled = false;
  const wanted = chosen ? instruments.find((i) => current && keyOf(i) === keyOf(current)) : first;
  const next = wanted ?? current ?? first;
  if (current === null || keyOf(next) !== keyOf(current)) await choose(next);
  select.value = keyOf(current ?? next);
}

/** A new installation: every panel that is about an instrument says what it waits for. */
function showNothing(): void {
  live = 'waiting';
  show('instrument', h('option', {}, 'no instrument yet'));
  select.disabled = true;
  byId('chart-empty').hidden = false;
  const todo = h('code', {}, 'npx tickloom feed --help');
  show('chart-empty', h('b', {}, 'No data yet: no tick has come in'), 'Bring some in: ', todo);
  show('forecast', empty('No data yet: nothing has been predicted', 'It begins with the ticks.'));
  show('models', empty('No data yet: no model has been trained', 'It begins with the ticks.'));
}

async function choose(instrument: Instrument): Promise<void> {
  current = instrument;
  select.value = keyOf(instrument);
  byId('market-title').textContent = keyOf(instrument);
  document.title = `${instrument.symbol} · tickloom`;
  stop();
  stop = listen(instrument, { onEvent, onState });
  await market.choose(instrument, timeframe);
  showEventTime();
  await loadSlow();
}

function onState(state: LiveState): void {
  live = state;
  attempt(loadHealth(live));
}

function onEvent(type: string, data: unknown): void {
  if (type === 'candle') market.addCandle(data as Candle);
  if (type === 'prediction') market.addPrediction(data as Prediction);
  if (type === 'signal') market.addSignal(data as Signal);
  if (type === 'reset') attempt(market.load(false).then(showEventTime));
  if (type === 'trade' || type === 'signal') soon('money', loadMoney);
  if (type === 'model') soon('models', loadSlow);
  if (type === 'candle' || type === 'prediction') soon('forecast', loadForecastNow);
  showEventTime();
}

const planned = new Set<string>();

/** Many events of a kind within half a second are one reading. */
function soon(name: string, work: () => Promise<void>): void {
  if (planned.has(name)) return;
  planned.add(name);
  setTimeout(() => {
    planned.delete(name);
    attempt(work());
  }, 500);
}

function showEventTime(): void {
  const times = [market.candles.at(-1)?.decided_ts, market.predictions.at(-1)?.decided_ts];
  const newest = times
    .filter((time) => time !== undefined)
    .sort()
    .at(-1);
  byId('event-time').textContent = dateTime(newest ?? null);
}

async function loadForecastNow(): Promise<void> {
  if (current !== null) await loadForecast(current, market.predictions.at(-1));
}

async function loadSlow(): Promise<void> {
  const work = [loadForecastNow(), loadMoney()];
  if (current !== null) work.push(loadModels(current));
  await Promise.all(work);
}

function showTimeframes(): void {
  const buttons = TIMEFRAMES.map(({ name }) => {
    const pressed = String(name === timeframe);
    const button = h('button', { type: 'button', 'aria-pressed': pressed }, name);
    button.addEventListener('click', () => {
      timeframe = name;
      remember();
      for (const each of buttons) each.setAttribute('aria-pressed', String(each === button));
      if (current !== null) attempt(market.choose(current, timeframe));
    });
    return button;
  });
  byId('timeframes').replaceChildren(...buttons);
}

/** The address holds what the reader chose, so that it can be kept or sent to somebody. */
function remember(): void {
  const of = chosen && current !== null ? keyOf(current) : '';
  history.replaceState(null, '', `#${encodeURIComponent(of)}/${timeframe}`);
}

function recall(): string | null {
  const [key = '', frame = ''] = location.hash.slice(1).split('/');
  if (TIMEFRAMES.some(({ name }) => name === frame)) timeframe = frame;
  return key === '' ? null : decodeURIComponent(key);
}

function every(ms: number, work: () => Promise<void>): void {
  setInterval(() => {
    if (!document.hidden) attempt(work());
  }, ms);
}

async function start(): Promise<void> {
  const key = recall();
  showTimeframes();
  select.addEventListener('change', () => {
    const instrument = instruments.find((i) => keyOf(i) === select.value);
    if (instrument === undefined) return;
    chosen = true;
    attempt(choose(instrument).then(remember));
  });
  attempt(loadFlow());
  attempt(loadHealth(live));
  attempt(loadMoney());
  every(FLOW_MS, async () => {
    const waiting = current === null ? [loadInstruments()] : [];
    await Promise.all([loadFlow(), loadHealth(live), ...waiting]);
  });
  // Outcomes arrive a horizon later, and a new instrument without an event of this one.
  every(SLOW_MS, async () => {
    await loadInstruments();
    await Promise.all([market.loadOutcomes(), loadSlow()]);
  });
  instruments = await listAll<Instrument>('instruments', { limit: 5000 });
  const wanted = instruments.find((i) => keyOf(i) === key);
  if (wanted !== undefined) {
    chosen = true;
    await choose(wanted);
  }
  await loadInstruments();
}

attempt(start());
