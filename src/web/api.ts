/** The API as the page reads it: one function, and the parts of the items that are shown. */
import type { ModelManifest } from '../learning/artefact.ts';

export interface Instrument {
  venue: string;
  symbol: string;
  from_ts: string | null;
  to_ts: string | null;
  candles: number;
}
export interface Candle {
  ts: string;
  decided_ts: string;
  timeframe: string;
  price_source: string;
  open: number;
  high: number;
  low: number;
  close: number;
  volume: number;
  trades: number;
}
export interface Prediction {
  ts: string;
  decided_ts: string;
  model_id: string;
  horizon_s: number;
  probability_up: number;
  expected_return: number;
  verdict: string;
  outcome: 'right' | 'wrong' | 'undecided' | 'void' | 'pending';
  forward_return: number | null;
  void_reason: string | null;
}
export interface Signal {
  signal_id: string;
  bot: string;
  account: string;
  model_id: string;
  venue: string;
  symbol: string;
  decided_ts: string;
  direction: 'buy' | 'sell';
  entry: string;
  stop_loss: string;
  take_profit: string;
  risk_reward: string;
  size: string;
  confidence: number;
  expires_at: string;
  reason: string;
  state: string;
  state_reason: string | null;
  result: string | null;
  trade_id: string | null;
}
export interface Trade {
  trade_id: string;
  account: string;
  bot: string | null;
  venue: string;
  symbol: string;
  side: string;
  state: string;
  opened_at: string;
  closed_at: string | null;
  entry_price: string;
  exit_price: string | null;
  size: string;
  currency: string;
  fees: string;
  net_pnl: string;
  exit_reason: string | null;
  signal_id: string | null;
}
export interface Position {
  account: string;
  bot: string | null;
  venue: string;
  symbol: string;
  side: string;
  size: string;
  entry_price: string;
  stop_loss: string | null;
  take_profit: string | null;
  opened_at: string;
  signal_id: string | null;
}
export interface Account {
  account: string;
  currency: string;
  mode: string;
  description: string;
  balance: string;
  equity: string | null;
}
export interface EquityPoint {
  account: string;
  currency: string;
  ts: string;
  cumulative_net_pnl: string;
}
export interface Reason {
  rule: string;
  passed: boolean;
  detail: string;
  value: number;
  threshold: number;
}
export interface Model {
  model_id: string;
  venue: string;
  symbol: string;
  label_spec: string;
  state: string;
  verdict: { passed: boolean; reasons: Reason[] } | null;
  waits_because: string | null;
  trained_at: string;
}
export interface ModelDetail extends Model {
  sha256: string;
  changed_by: string | null;
  /** Empty of what was made before there were manifests. */
  manifest: ModelManifest | { gate?: undefined };
}
/** A bucket of `probability_up`. */
export interface OutcomeBucket {
  group: string;
  rows: number;
  mean_probability_up: number | null;
  share_up: number | null;
}
export interface Drift {
  reason: string | null;
  items: { name: string; psi: number | null; verdict: string }[];
}
export interface Activation {
  venue: string;
  symbol: string;
  label_spec: string;
  slot: string;
  model_id: string;
  from_ts: string | null;
  until_ts: string | null;
}
export interface Score {
  label_spec: string;
  predictions: number;
  matured: number;
  right: number;
  wrong: number;
  hit_rate: number | null;
  brier: number | null;
  base_brier: number | null;
}
export interface FlowNode {
  name: string;
  kind: 'feed' | 'stream' | 'job';
  reads: string[];
  writes: string[];
  does: string;
  lag: number | null;
  state: string | null;
  topics: { topic: string; end: number; passed: number; lag: number }[];
}
export interface Flow {
  nodes: FlowNode[];
  topics: { topic: string; end: number }[];
  kafka: string;
}
export interface JobRun {
  job: string;
  subject: string;
  due_ts: string;
  state: string;
  runs: number;
  open: number;
  failed: number;
  finished_at: string | null;
}
export interface AlertItem {
  severity: string;
  message: string;
  created_at: string;
}
export interface ErrorItem {
  error_key: string;
  severity: string;
  component: string;
  code: string;
  message: string;
  occurrences: number;
  last_seen_at: string;
}
export interface QualityCount {
  venue: string | null;
  symbol: string | null;
  kind: string;
  events: number;
  last_ts: string | null;
}

export interface List<T> {
  items: T[];
  next: string | null;
}

type Query = Readonly<Record<string, string | number>>;

/** `GET /v1/<path>`; rejects with the problem's own sentence, or when nothing answers. */
export async function get<T>(path: string, query: Query = {}): Promise<T> {
  const search = new URLSearchParams(
    Object.entries(query).map(([name, value]): [string, string] => [name, String(value)]),
  );
  const response = await fetch(`/v1/${path}?${search.toString()}`);
  const body = (await response.json()) as unknown;
  if (response.ok) return body as T;
  throw new Error((body as { detail?: string }).detail ?? `the server answers ${response.status}`);
}

/** Every item of a list, page by page. */
export async function listAll<T>(path: string, query: Query = {}): Promise<T[]> {
  const items: T[] = [];
  let page = await get<List<T>>(path, query);
  items.push(...page.items);
  while (page.next !== null) {
    page = await get<List<T>>(path, { ...query, after: page.next });
    items.push(...page.items);
  }
  return items;
}

export const list = async <T>(path: string, query: Query = {}): Promise<T[]> =>
  (await get<List<T>>(path, query)).items;
