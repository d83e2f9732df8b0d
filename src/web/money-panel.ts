/** Trades, open positions, accounts and equity -> the money panel; a trade leads to its signal. */
import {
  get,
  list,
  type Account,
  type EquityPoint,
  type Position,
  type Signal,
  type Trade,
} from './api.ts';
import { byId, empty, h, show } from './dom.ts';
import { EquityChart } from './equity-chart.ts';
import { dateTime, money, percent, priceDigits, tone } from './format.ts';

let chart: EquityChart | undefined;

export async function loadMoney(): Promise<void> {
  const [trades, positions, accounts, equity] = await Promise.all([
    list<Trade>('trades', { limit: 100 }),
    list<Position>('positions', { limit: 50 }),
    list<Account>('accounts'),
    list<EquityPoint>('performance/equity', { limit: 5000 }),
  ]);
  byId('equity-empty').hidden = equity.length > 0;
  show('equity-empty', h('b', {}, 'No data yet: no trade has been closed'), 'Equity starts then.');
  show('accounts', ...accounts.flatMap((each, i) => [i === 0 ? '' : ' · ', renderEquity(each)]));
  show('positions', positions.length === 0 ? null : positionTable(positions));
  const none = empty(
    'No data yet: no bot has traded',
    'A bot that is on takes the next prediction it may act on.',
  );
  show('trades', trades.length === 0 ? none : tradeTable(trades));
  // Last: a chart that cannot be drawn takes no table with it.
  chart ??= new EquityChart(byId('equity'));
  chart.set(equity);
}

/** Buttons of signals come and go with the rows, so their place listens. */
for (const id of ['trades', 'positions']) {
  byId(id).addEventListener('click', ({ target }) => {
    const signal = target instanceof HTMLElement ? target.dataset['signal'] : undefined;
    if (signal !== undefined) void openSignal(signal);
  });
}

const renderEquity = (account: Account): HTMLElement => {
  const { account: name, mode, description, balance, equity, currency } = account;
  const open = `equity: cash of ${money(balance)} ${currency} and what is open at its last price`;
  return h(
    'span',
    {
      title: `${description}
${open}`,
    },
    `${name} (${mode}${isControlGroup(description) ? ', a control group' : ''}): equity `,
    h('b', {}, `${money(equity)} ${currency}`),
  );
};

const isControlGroup = (description: string): boolean => description.startsWith('control group');

const price = (value: string | null): string =>
  value === null ? '–' : Number(value).toFixed(priceDigits(Number(value)));

function table(caption: string, heads: readonly string[], rows: HTMLElement[]): HTMLElement {
  const head = h('tr', {}, ...heads.map((name) => h('th', { scope: 'col' }, name)));
  const parts = [h('caption', {}, caption), h('thead', {}, head), h('tbody', {}, ...rows)];
  return h('table', {}, ...parts);
}

const cell = (text: string, className = ''): HTMLElement => h('td', { class: className }, text);

function signalCell(id: string | null): HTMLElement {
  if (id === null) return cell('–');
  const label = `signal ${id}`;
  const attributes = { class: 'link', type: 'button', 'data-signal': id, 'aria-label': label };
  return h('td', {}, h('button', attributes, 'signal'));
}

const TRADE_HEADS = ['Opened (UTC)', 'Instrument', 'Side', 'Size', 'Entry', 'Exit'];
const MORE_HEADS = ['Net P&L', 'Fees', 'Exit reason', 'Why'];

function tradeTable(trades: readonly Trade[]): HTMLElement {
  const rows = trades.map((trade) =>
    h(
      'tr',
      {},
      cell(dateTime(trade.opened_at)),
      cell(trade.symbol),
      cell(trade.side),
      cell(String(Number(trade.size))),
      cell(price(trade.entry_price)),
      cell(price(trade.exit_price)),
      trade.state === 'open'
        ? cell('open', 'muted')
        : cell(`${money(trade.net_pnl, 2, true)} ${trade.currency}`, tone(trade.net_pnl)),
      cell(money(trade.fees)),
      cell(trade.exit_reason ?? '–'),
      signalCell(trade.signal_id),
    ),
  );
  return table(`The newest ${trades.length} trades`, [...TRADE_HEADS, ...MORE_HEADS], rows);
}

function positionTable(positions: readonly Position[]): HTMLElement {
  const heads = [
    'Open since (UTC)',
    'Instrument',
    'Side',
    'Size',
    'Entry',
    'Stop',
    'Target',
    'Why',
  ];
  const rows = positions.map((position) =>
    h(
      'tr',
      {},
      cell(dateTime(position.opened_at)),
      cell(position.symbol),
      cell(position.side),
      cell(String(Number(position.size))),
      cell(price(position.entry_price)),
      cell(price(position.stop_loss)),
      cell(price(position.take_profit)),
      signalCell(position.signal_id),
    ),
  );
  return table('Open positions', heads, rows);
}

async function openSignal(id: string): Promise<void> {
  const dialog = byId('signal-dialog') as HTMLDialogElement;
  show('signal-body', h('p', {}, 'Loading…'));
  dialog.showModal();
  try {
    show('signal-body', signalBody(await get<Signal>(`signals/${encodeURIComponent(id)}`)));
  } catch (error) {
    show('signal-body', h('p', {}, (error as Error).message));
  }
}

function signalBody(signal: Signal): HTMLElement {
  const rows: [string, string][] = [
    ['Signal', signal.signal_id],
    ['Decided (UTC)', dateTime(signal.decided_ts)],
    ['What', `${signal.direction} ${signal.size} ${signal.symbol} at ${signal.venue}`],
    ['Entry', price(signal.entry)],
    ['Stop / target', `${price(signal.stop_loss)} / ${price(signal.take_profit)}`],
    ['Risk/reward', money(signal.risk_reward)],
    ['Confidence', percent(signal.confidence)],
    ['Why', signal.reason],
    ['Model, bot', `${signal.model_id}, ${signal.bot}`],
    ['State', [signal.state, signal.state_reason].filter(Boolean).join(': ')],
    ['Result', signal.result ?? '–'],
  ];
  return h('dl', {}, ...rows.flatMap(([name, value]) => [h('dt', {}, name), h('dd', {}, value)]));
}
