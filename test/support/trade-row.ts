/** A row of `ticks` with a symbol that has to be escaped and a value that is left out. */
import type { TickRow } from '../../src/questdb/tables/ticks.ts';

export const tradeRow: TickRow = {
  ts: 1_398_902_400_000_001,
  known_at: 1_398_902_400_000_002,
  venue: 'v',
  symbol: 'A B',
  id: '7',
  price: 1.5,
  size: 2,
  side: null,
};
