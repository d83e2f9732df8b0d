/** Measurements of the running system. Operational: the only rows with a wall-clock time. */
import type { Row } from '../../domain/records/fields.ts';
import type { SystemMetric } from '../../domain/records/quality-event.ts';
import type { QuestTable } from '../table.ts';

export type SystemMetricRow = Row<typeof SystemMetric>;

export const systemMetrics: QuestTable<SystemMetricRow> = {
  name: 'system_metrics',
  columns: { ts: 'timestamp', name: 'symbol', labels: 'symbol', value: 'double' },
  keys: ['ts', 'name', 'labels'],
};
