/**
 * A record of the wire -> the columns that its table has
 *
 * By name and from a list: newer producers add fields, and a field without a column would break
 * the statement, and with it the whole batch.
 */
import { createHash } from 'node:crypto';
import { canonicalJson } from '../../domain/control.ts';

const COLUMNS = {
  signals: [
    'signal_id',
    'prediction_id',
    'feature_id',
    'model_id',
    'bot',
    'account',
    'strategy',
    'timeframe',
    'venue',
    'symbol',
    'ts',
    'decided_ts',
    'known_at',
    'direction',
    'entry',
    'stop_loss',
    'take_profit',
    'risk_reward',
    'size',
    'confidence',
    'expires_at',
    'reason',
    'indicators',
  ],
  signal_ends: ['signal_id', 'venue', 'symbol', 'ts', 'state', 'reason'],
  fills: [
    'fill_id',
    'order_id',
    'trade_id',
    'signal_id',
    'prediction_id',
    'model_id',
    'bot',
    'account',
    'venue',
    'symbol',
    'ts',
    'intent',
    'side',
    'order_type',
    'price',
    'size',
    'fee',
    'fee_currency',
    'fx_rate',
    'liquidity',
    'mode',
    'reason',
  ],
} as const;

/** What the table keeps of the record, as it is; times are not yet written as SQL has them. */
export const pickColumns = (table: keyof typeof COLUMNS, record: object): Record<string, unknown> =>
  Object.fromEntries(
    COLUMNS[table].map((name) => [name, (record as Record<string, unknown>)[name]]),
  );

/** Of all that the record says, fields without a column too. */
export const contentHash = (record: object): Buffer =>
  createHash('sha256').update(canonicalJson(record)).digest();
