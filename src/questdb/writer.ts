/**
 * Rows -> QuestDB, by ILP over HTTP: acknowledged, or given back with the reason, or an error.
 *
 * One table per request (an error in one table would drop the other's rows), rows in order of time
 * (four times cheaper for the server). The bytes of a request stay here until they are acknowledged
 * and are sent again unchanged, which the dedup keys make harmless. A 400 is bisected down to the
 * rows that caused it; everything else is the world's fault and tried again with patience. An
 * acknowledgement means "in the write-ahead log": `waitApplied` of the reader makes it readable.
 */
import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { createTransport, SenderOptions } from '@questdb/nodejs-client';
import type { AnyRow, QuestTable, Rejected, RowWriter, WriteOptions } from './table.ts';
import { compiledEncoder } from './ilp-encoder.ts';
import { findProblem, type EncodedTable, type RowEncoder } from './encoder.ts';
import { queryQuestDb } from './http.ts';
import { patiently } from './patience.ts';
import { trusted } from '../tls.ts';

/** QuestDB did not take the rows within the patience that we have; the caller still has them. */
export class QuestDbUnavailableError extends Error {
  override readonly name = 'QuestDbUnavailableError';
}

/** The table or a column is not there: no row's fault, and no dead letter would mend it. */
export class QuestDbMismatchError extends Error {
  override readonly name = 'QuestDbMismatchError';
}

/** Waiting would not mend it: a process that is started again finds the password of today. */
export class QuestDbLoginError extends Error {
  override readonly name = 'QuestDbLoginError';
}

const LOGIN =
  'QuestDB refuses user and password: leave them out of TICKLOOM_QUESTDB_URL for those of ' +
  'credentials.json, or give the right ones';

export interface QuestDbWriterOptions {
  /** `http://[user:password@]host:port`. */
  readonly url: string;
  /** A file of certificates to trust beside those of the system, for `https:`. */
  readonly ca?: string | null;
  /** How long one request is tried again before `QuestDbUnavailableError`. */
  readonly patienceMs?: number;
  /** How long the server may be silent within one try. */
  readonly requestTimeoutMs?: number;
  /** Rows times columns of one request at most. */
  readonly maxCells?: number;
  readonly encoder?: RowEncoder;
}

/** Rows encoded at a range, between which the event loop and the heartbeat get their turn. */
const SLICE_ROWS = 5_000;

export class QuestDbWriter implements RowWriter {
  readonly #options: Required<QuestDbWriterOptions>;
  readonly #agent: HttpAgent | HttpsAgent;
  readonly #transport: { send(data: Buffer): Promise<boolean> };

  constructor(options: QuestDbWriterOptions) {
    this.#options = {
      patienceMs: 60_000,
      requestTimeoutMs: 10_000,
      maxCells: 1_000_000,
      encoder: compiledEncoder(),
      ca: null,
      ...options,
    };
    this.#agent = makeAgent(this.#options);
    this.#transport = makeTransport(this.#options, this.#agent);
  }

  /**
   * Resolves when every row is acknowledged, except those returned: they broke a column's type or
   * QuestDB refused them, and are the caller's own objects. Of rows with one key the last wins.
   * Throws `QuestDbUnavailableError`, `QuestDbMismatchError`, the signal's reason or the
   * heartbeat's error; some rows may then have arrived, and writing all of them again is right.
   */
  async write<Row extends object>(
    table: QuestTable<Row>,
    rows: readonly Row[],
    options: WriteOptions = {},
  ): Promise<Rejected<Row>[]> {
    const rejected: Rejected<AnyRow>[] = [];
    const sound: AnyRow[] = [];
    for (const row of rows as readonly object[] as readonly AnyRow[]) {
      const message = findProblem(table, row);
      if (message === null) sound.push(row);
      else rejected.push({ row, message });
    }
    if (!inTimeOrder(sound)) sound.sort((a, b) => rowTime(a) - rowTime(b));
    const perRequest = Math.max(
      1,
      Math.floor(this.#options.maxCells / Object.keys(table.columns).length),
    );
    for (let from = 0; from < sound.length; from += perRequest) {
      const some = sound.slice(from, from + perRequest);
      rejected.push(...(await this.#send(table, some, options)));
    }
    return rejected as object[] as Rejected<Row>[];
  }

  /** Closes the connections; requests under way fail. */
  close(): void {
    this.#agent.destroy();
  }

  async #send(
    table: EncodedTable,
    rows: readonly AnyRow[],
    options: WriteOptions,
  ): Promise<Rejected<AnyRow>[]> {
    const message = await this.#trySend(table, rows, options);
    const [only] = rows;
    if (message === null || only === undefined) return [];
    if (/table does not exist|column: \S+ does not exist/.test(message)) {
      throw new QuestDbMismatchError(`${message}. Run the migration (tickloom migrate up).`);
    }
    if (rows.length === 1) return [{ row: only, message }];
    const half = rows.length >>> 1;
    const first = await this.#send(table, rows.slice(0, half), options);
    return [...first, ...(await this.#send(table, rows.slice(half), options))];
  }

  /** Null when the rows are acknowledged, else why they were refused as a whole. */
  async #trySend(
    table: EncodedTable,
    rows: readonly AnyRow[],
    options: WriteOptions,
  ): Promise<string | null> {
    const bytes = await this.#encode(table, rows, options);
    if (typeof bytes === 'string') return bytes;
    try {
      return await patiently(() => this.#post(bytes), {
        patienceMs: this.#options.patienceMs,
        signal: options.signal,
        heartbeat: options.heartbeat,
        isTransient: (error) => error instanceof TryFailed,
      });
    } catch (error) {
      if (!(error instanceof TryFailed)) throw error;
      throw new QuestDbUnavailableError(
        `QuestDB did not take ${rows.length} rows of ${table.name} within ` +
          `${this.#options.patienceMs / 1000} s: ${error.message}. Is it running?`,
        { cause: error },
      );
    }
  }

  /** The bytes of the rows, or why one of them cannot be encoded. */
  async #encode(
    table: EncodedTable,
    rows: readonly AnyRow[],
    { signal, heartbeat }: WriteOptions,
  ): Promise<Buffer | string> {
    const parts: Buffer[] = [];
    for (let from = 0; from < rows.length; from += SLICE_ROWS) {
      try {
        parts.push(this.#options.encoder.encode(table, rows.slice(from, from + SLICE_ROWS)));
      } catch (error) {
        return `cannot be encoded: ${(error as Error).message}`;
      }
      if (from + SLICE_ROWS < rows.length) {
        signal?.throwIfAborted();
        await heartbeat?.();
        await new Promise((resolve) => setImmediate(resolve));
      }
    }
    return parts.length === 1 && parts[0] !== undefined ? parts[0] : Buffer.concat(parts);
  }

  /** Null when acknowledged, the server's reason when refused, `TryFailed` when neither. */
  async #post(bytes: Buffer): Promise<string | null> {
    try {
      await this.#transport.send(bytes);
      return null;
    } catch (error) {
      const { message } = error as Error;
      if (/statusCode=40[13]/.test(message)) throw new QuestDbLoginError(LOGIN, { cause: error });
      if (!message.includes('statusCode=400')) throw new TryFailed(message, { cause: error });
    }
    return this.#reasonFor(bytes);
  }

  /** The client's transport drops the body of a refusal: the same request again, for its reason. */
  async #reasonFor(bytes: Buffer): Promise<string | null> {
    const { url, requestTimeoutMs: timeoutMs } = this.#options;
    try {
      const request = { method: 'POST', body: bytes, timeoutMs, agent: this.#agent } as const;
      const { status, text } = await queryQuestDb(url, '/write?precision=n', request);
      if (status >= 200 && status < 300) return null;
      if (status === 400) return reasonIn(text);
      throw new Error(`HTTP ${status}: ${text.slice(0, 300)}`);
    } catch (error) {
      throw new TryFailed((error as Error).message, { cause: error });
    }
  }
}

function makeAgent({ url, ca }: { url: string; ca: string | null }): HttpAgent | HttpsAgent {
  if (!url.startsWith('https:')) return new HttpAgent({ keepAlive: true });
  const authority = trusted(ca);
  return new HttpsAgent({ keepAlive: true, ...(authority === undefined ? {} : { ca: authority }) });
}

const rowTime = (row: AnyRow): number => Number(row['ts']);

/** Nearly always, and then a sort of the batch would be for nothing. */
function inTimeOrder(rows: readonly AnyRow[]): boolean {
  let before = -Infinity;
  for (const row of rows) {
    const time = rowTime(row);
    if (time < before) return false;
    before = time;
  }
  return true;
}

/** One try failed in a way that may pass. */
class TryFailed extends Error {}

/** The last line of QuestDB's message: the table, the column and what is wrong with it. */
function reasonIn(body: string): string {
  try {
    const { message } = JSON.parse(body) as { message?: unknown };
    return (
      String(message)
        .split('\n')
        .slice(-1)[0]
        ?.replace(/^error in line \d+: /, '') ?? body
    );
  } catch {
    return body.slice(0, 300);
  }
}

/**
 * The client's transport on Node's own HTTP: its default one was measured to hang while the server
 * is away. Tries and patience are ours, so its own retry is off.
 */
function makeTransport(
  { url, requestTimeoutMs }: Required<QuestDbWriterOptions>,
  agent: HttpAgent | HttpsAgent,
): { send(data: Buffer): Promise<boolean> } {
  const { protocol, host, username, password } = new URL(url);
  const options = new SenderOptions(
    `${protocol.slice(0, -1)}::addr=${host};stdlib_http=on;auto_flush=off;protocol_version=2;` +
      `retry_timeout=0;request_timeout=${requestTimeoutMs}`,
    { agent },
  );
  if (username !== '') {
    options.username = decodeURIComponent(username);
    options.password = decodeURIComponent(password);
  }
  return createTransport(options);
}
