/** The API as the page reads it: one function, and the items of answers as the routes declare them. */
import type { Instrument as Listed } from '../http/routes/instruments.ts';

/** A link may name one that is not listed. */
export type Instrument = Pick<Listed, 'venue' | 'symbol' | 'from_ts' | 'to_ts' | 'candles'>;
export type { Account } from '../http/routes/accounts.ts';
export type { Alert } from '../http/routes/alerts.ts';
export type { Candle } from '../http/routes/candles.ts';
export type { ErrorItem } from '../http/routes/errors.ts';
export type { Flow, FlowNode } from '../http/routes/flow.ts';
export type { NewestRun } from '../http/routes/jobs.ts';
export type { Drift } from '../http/routes/model-monitoring.ts';
export type { ModelMetrics } from '../http/routes/model-outcomes.ts';
export type { Activation, Model, ModelDetail } from '../http/routes/models.ts';
export type { EquityPoint, Score } from '../http/routes/performance.ts';
export type { Position } from '../http/routes/positions.ts';
export type { Prediction } from '../http/routes/predictions.ts';
export type { QualityCount } from '../http/routes/quality.ts';
export type { Signal } from '../http/routes/signals.ts';
export type { Trade } from '../http/routes/trades.ts';

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
