/**
 * The page: chooses the instrument (that of the address, else the one with the newest data, and
 * stays with it), keeps the panels up to date by events and a slow poll, and survives restarts of
 * the server.
 */
import { TIMEFRAMES } from '../domain/candle.ts';
import { addressHash, readHash } from './address.ts';
import { Again } from './again.ts';
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
const INSTRUMENTS_MS = 60_000;
/** The event stream begins with `reset`; where it does not come, lists are read without it. */
const RESET_MS = 3_000;

const market = new MarketPanel();
const select = byId('instrument') as HTMLSelectElement;
let instruments: Instrument[] = [];
let current: Instrument | null = null;
let timeframe = '1m';
let live: LiveState = 'connecting';
let stop: () => void = () => undefined;

/** What could not be loaded, by its name, until it could. */
const troubles = new Map<string, string>();

const instrumentKey = ({ venue, symbol }: Instrument): string => `${venue}:${symbol}`;

/** Work that the next round tries again; the header says meanwhile what is missing. */
function attempt(name: string, work: Promise<unknown>): void {
  work.then(
    () => troubles.delete(name),
    (error: unknown) => troubles.set(name, error instanceof Error ? error.message : String(error)),
  );
}

const loadMarket = new Again(
  async () => {
    await market.load();
    showEventTime();
    await loadForecastNow();
  },
  (error) => {
    if (error === null) troubles.delete('candles');
    else troubles.set('candles', error.message);
    market.showError(error);
    loadHealthNow();
  },
);

async function loadInstruments(wanted: string | null = null): Promise<void> {
  instruments = await listAll<Instrument>('instruments', { limit: 5000 });
  const unlisted = parseUnlisted(current === null ? wanted : instrumentKey(current));
  if (unlisted !== null) instruments.push(unlisted);
  const [first] = instruments;
  if (first === undefined) {
    showNothing();
    return;
  }
  const options = instruments.map((i) =>
    h('option', { value: instrumentKey(i) }, instrumentKey(i)),
  );
  show('instrument', ...options);
  select.disabled = false;
  if (current === null) {
    choose(instruments.find((i) => instrumentKey(i) === wanted) ?? first);
    remember();
  }
  select.value = instrumentKey(current ?? first);
}

/** Somebody's link to what has no candle yet: its panels say so, and another market is none. */
function parseUnlisted(key: string | null): Instrument | null {
  if (key === null || instruments.some((i) => instrumentKey(i) === key)) return null;
  const [, venue, symbol] = /^([^:]+):(.+)$/.exec(key) ?? [];
  if (venue === undefined || symbol === undefined) return null;
  return { venue, symbol, from_ts: null, to_ts: null, candles: 0 };
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

function choose(instrument: Instrument): void {
  current = instrument;
  select.value = instrumentKey(instrument);
  byId('market-title').textContent = instrumentKey(instrument);
  document.title = `${instrument.symbol} · tickloom`;
  stop();
  market.choose(instrument, timeframe);
  showEventTime();
  stop = listen(instrument, { onEvent, onState });
  loadMarket.begin(RESET_MS);
  attempt('models', loadModels(instrument));
}

function onState(state: LiveState): void {
  live = state;
  loadHealthNow();
}

function onEvent(type: string, data: unknown): void {
  if (type === 'candle') market.addCandle(data as Candle);
  if (type === 'prediction') market.addPrediction(data as Prediction);
  if (type === 'signal') market.addSignal(data as Signal);
  if (type === 'reset') loadMarket.begin();
  if (type === 'trade' || type === 'signal') soon('money', loadMoney);
  if (type === 'model') soon('models', loadModelsNow);
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
    attempt(name, work());
  }, 500);
}

function showEventTime(): void {
  byId('event-time').textContent = dateTime(market.newest);
}

const loadHealthNow = (): void =>
  attempt('health', loadHealth({ live, newest: market.newest, troubles }));

async function loadForecastNow(): Promise<void> {
  if (current !== null) await loadForecast(current, market.predictions.at(-1));
}

async function loadModelsNow(): Promise<void> {
  if (current !== null) await loadModels(current);
}

function showTimeframes(): void {
  const buttons = TIMEFRAMES.map(({ name }) => {
    const pressed = String(name === timeframe);
    const button = h('button', { type: 'button', 'aria-pressed': pressed }, name);
    button.addEventListener('click', () => {
      timeframe = name;
      remember();
      for (const each of buttons) each.setAttribute('aria-pressed', String(each === button));
      if (current === null) return;
      market.choose(current, timeframe);
      loadMarket.begin();
    });
    return button;
  });
  byId('timeframes').replaceChildren(...buttons);
}

function remember(): void {
  if (current === null) return;
  history.replaceState(null, '', addressHash({ instrument: instrumentKey(current), timeframe }));
}

function every(ms: number, work: () => void): void {
  setInterval(() => {
    if (!document.hidden) work();
  }, ms);
}

function start(): void {
  const { instrument: key, timeframe: shown } = readHash(location.hash);
  timeframe = shown;
  showTimeframes();
  select.addEventListener('change', () => {
    const instrument = instruments.find((i) => instrumentKey(i) === select.value);
    if (instrument === undefined) return;
    choose(instrument);
    remember();
  });
  attempt('flow', loadFlow());
  attempt('money', loadMoney());
  loadHealthNow();
  every(FLOW_MS, () => {
    attempt('flow', loadFlow());
    loadHealthNow();
    if (current === null) attempt('instruments', loadInstruments(key));
  });
  // Outcomes arrive a horizon later, without an event of their own.
  every(SLOW_MS, () => {
    attempt('outcomes', market.loadOutcomes());
    attempt('forecast', loadForecastNow());
    attempt('money', loadMoney());
    attempt('models', loadModelsNow());
  });
  every(INSTRUMENTS_MS, () => attempt('instruments', loadInstruments(key)));
  attempt('instruments', loadInstruments(key));
}

start();
