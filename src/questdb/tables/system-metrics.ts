/** Measurements of the running system. Operational: the only rows with a wall-clock time. */
import type { QuestTable } from '../table.ts';

export interface SystemMetricRow {
  readonly ts: number;
  readonly name: string;
  /** `key=value` pairs joined with commas, keys in order; the empty text when there is none. */
  readonly labels: string;
  readonly value: number;
}

export const systemMetrics: QuestTable<SystemMetricRow> = {
  name: 'system_metrics',
  columns: { ts: 'timestamp', name: 'symbol', labels: 'symbol', value: 'double' },
  keys: ['ts', 'name', 'labels'],
};
