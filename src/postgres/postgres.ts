/**
 * PostgreSQL from a URL: a pool whose connections speak UTC, and whose values arrive as this
 * project has them: `timestamptz` as microseconds, `bigint` as a safe number, `numeric` as text.
 *
 * The one place that decides this. Parameters go the other way as text: times through `formatUs`,
 * amounts as decimal strings.
 */
import pg from 'pg';
import { assert } from '../assert.ts';
import { retried, type Retry } from '../lifecycle.ts';
import { parseUs } from '../domain/time.ts';

const { builtins } = pg.types;

const PARSERS: Readonly<Record<number, (text: string) => unknown>> = {
  [builtins.TIMESTAMPTZ]: timestamp,
  [builtins.INT8]: safeInteger,
  // A calendar day, not an instant: `2014-05-01`.
  [builtins.DATE]: (text) => text,
};

/** A session writes times in another way than ISO: what they mean cannot be known. */
export class DateStyleError extends Error {
  override readonly name = 'DateStyleError';

  constructor(what: string) {
    super(
      `PostgreSQL ${what}: times are read in datestyle ISO alone. A pooler before it has to keep ` +
        'what a session sets (PgBouncer: track_extra_parameters, or pool_mode = session); or ' +
        "ALTER ROLE … SET datestyle = 'ISO'",
    );
  }
}

const ISO_RE = /^-?\d{4,}-\d\d-\d\d |^-?infinity$/;

function timestamp(text: string): number {
  if (!ISO_RE.test(text)) throw new DateStyleError(`has sent the time "${text.slice(0, 40)}"`);
  return parseUs(text);
}

function safeInteger(text: string): number {
  const value = Number(text);
  assert(Number.isSafeInteger(value), `${text} from PostgreSQL is beyond 2^53`);
  return value;
}

export interface PostgresOptions {
  /** Connections at most; more callers wait. */
  readonly max?: number;
  /** How long a caller waits for a connection, in milliseconds. */
  readonly connectTimeoutMs?: number;
  /** Shown in `pg_stat_activity`. */
  readonly applicationName?: string;
  /**
   * With what the writer's seal is made on what only it may write: the control keys, of which the
   * first seals.
   */
  readonly sealKeys?: () => readonly string[];
  /** Called with every new connection before it is used; what it throws, its caller gets. */
  readonly verify?: (client: pg.PoolClient) => Promise<void>;
}

const sealKeys = new WeakMap<object, () => readonly string[]>();

/** The keys of a pool or of one of its connections. Throws where it was opened without. */
export function requireSealKeys(client: pg.Pool | pg.PoolClient): readonly string[] {
  const keys = sealKeys.get(client);
  assert(
    keys !== undefined,
    'this connection was opened without a key: it may only read the outbox',
  );
  return keys();
}

/**
 * A pool of connections to `url`. It connects on first use; idle connections that break are
 * replaced, and the query that meets the trouble gets the error.
 */
export function openPostgres(url: string, options: PostgresOptions = {}): pg.Pool {
  const begin = async (client: pg.PoolClient): Promise<void> => {
    // Not by `options`, which poolers refuse.
    await setSession(client);
    await options.verify?.(client);
  };
  const pool = new pg.Pool({
    connectionString: url,
    max: options.max ?? 8,
    connectionTimeoutMillis: options.connectTimeoutMs ?? 10_000,
    application_name: options.applicationName ?? 'tickloom',
    verify: (client, done) => void begin(client).then(() => done(), done),
    types: { getTypeParser: typeParser },
  });
  const { sealKeys: ours } = options;
  if (ours !== undefined) {
    sealKeys.set(pool, ours);
    pool.on('connect', (client) => sealKeys.set(client, ours));
  }
  // An idle connection's error has no caller; without a listener it would end the process.
  pool.on('error', () => undefined);
  return pool;
}

/** Throws where the session does not keep what it is set to. */
async function setSession(client: pg.PoolClient): Promise<void> {
  await client.query(`SET timezone = 'UTC'; SET datestyle = 'ISO'`);
  const { rows } = await client.query<{ style: string }>(
    `SELECT current_setting('datestyle') AS style`,
  );
  const style = rows[0]?.style ?? 'none';
  if (!style.startsWith('ISO')) throw new DateStyleError(`says its datestyle is "${style}"`);
}

function typeParser(oid: number, format?: string): (value: string) => unknown {
  const parser = format === 'binary' ? undefined : PARSERS[oid];
  if (parser !== undefined) return parser;
  return pg.types.getTypeParser(oid, format === 'binary' ? 'binary' : 'text') as (
    value: string,
  ) => unknown;
}

/**
 * Runs `work` in one transaction: committed when it resolves, rolled back when it throws. A
 * connection whose rollback fails is thrown away.
 */
export async function inTransaction<T>(
  pool: pg.Pool,
  work: (client: pg.PoolClient) => Promise<T>,
): Promise<T> {
  const client = await pool.connect();
  let broken = false;
  // A connection that breaks also says so by an event, which unheard would end the process.
  const onError = (): void => {
    broken = true;
  };
  client.on('error', onError);
  try {
    await client.query('BEGIN');
    const result = await work(client);
    await client.query('COMMIT');
    return result;
  } catch (error) {
    await client.query('ROLLBACK').catch(() => {
      broken = true;
    });
    throw error;
  } finally {
    client.off('error', onError);
    client.release(broken);
  }
}

/** Does `work` again until PostgreSQL is back; any other error, or the signal, ends it. */
export const retryUntilCommitted = <T>(
  work: () => Promise<T>,
  patience: Pick<Retry, 'signal' | 'onRetry'>,
): Promise<T> => retried(work, { ...patience, isTransient: isRetriable });

/** Classes of SQLSTATE that the same statement may survive later. */
const RETRIABLE_CLASSES = new Set(['08', '53', '57', '58']);
/** Serialisation failure, deadlock, lock not available. */
const RETRIABLE_STATES = new Set(['40001', '40P01', '55P03']);
const RETRIABLE_ERRNO = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
]);
const RETRIABLE_TEXT = /Connection terminated|timeout exceeded when trying to connect/;

/**
 * Whether the world was the trouble (server away, connection lost, deadlock), so that the whole
 * transaction can be tried again; false for what will fail again, such as a broken constraint.
 */
export function isRetriable(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code: unknown = Reflect.get(error, 'code');
  if (typeof code === 'string') {
    if (RETRIABLE_ERRNO.has(code) || RETRIABLE_STATES.has(code)) return true;
    if (/^[0-9A-Z]{5}$/.test(code)) return RETRIABLE_CLASSES.has(code.slice(0, 2));
  }
  return RETRIABLE_TEXT.test(error.message);
}

/**
 * Whether what the statement was given was the trouble (SQLSTATE class 22: data, 23: constraints),
 * so that it fails again with the same data and not without them. Never true of a server that is
 * away, or of a statement that is wrong.
 */
export function isDataError(error: unknown): boolean {
  const code: unknown = error instanceof Error ? Reflect.get(error, 'code') : undefined;
  return typeof code === 'string' && /^2[23][0-9A-Z]{3}$/.test(code);
}
