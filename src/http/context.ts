/** What every route is given: the databases, the flow, the configuration and the clock. */
import type pg from 'pg';
import type { Registry } from 'prom-client';
import type { Config } from '../config/config.ts';
import type { Standing } from '../stream/standstill.ts';
import type { SqlReader } from '../questdb/table.ts';
import type { FlowStatusProvider } from './flow-status.ts';

/** The part of a logger that the server uses; pino's fits. */
export interface HttpLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

export interface HttpContext {
  readonly config: Config;
  /** From `openPostgres`: times arrive as microseconds, amounts as text. */
  readonly postgres: pg.Pool;
  readonly questdb: SqlReader;
  readonly flow: FlowStatusProvider;
  /** Partitions that stand still, as last looked at. */
  readonly standing: () => readonly Standing[];
  readonly log: HttpLog;
  readonly metrics: Registry;
  /** Wall time in microseconds, for display alone. */
  readonly nowUs: () => number;
  readonly monotonicMs: () => number;
}

/** The label spec of an installation, unless a request names another. */
export const defaultLabelSpec = (config: Config): string => `direction_${config.horizon}@1`;
