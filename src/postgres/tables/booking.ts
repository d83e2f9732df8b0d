/**
 * Signals and fills -> the rows of money, in one transaction with the input's position.
 *
 * A record that is there already changes nothing; one with the same id and another content is kept
 * apart in `errors` and books nothing. What cannot be booked (by a rule of ours, or because the
 * tables refuse its data) affects only itself: it is handed to `onRefused`, and all others are
 * booked.
 */
import type { Pool, PoolClient } from 'pg';
import { inTransaction, isDataError } from '../postgres.ts';
import type { DeadPlace, KindPlace } from '../../domain/dead-letter.ts';
import { formatUs } from '../../domain/time.ts';
import type { Fill, Refusal, Signal, SignalEnd } from '../../domain/wire.ts';
import { bookFill, settleSignal } from './booking-fills.ts';
import { pickColumns, contentHash } from './booking-rows.ts';
import type { LogMarker } from '../../stream/log-marker.ts';
import { noteDead } from './dead-letters.ts';
import { insert, sameOrReport } from './insert.ts';
import { noteKinds } from './unknown-kinds.ts';

type Booked = Signal | SignalEnd | Refusal | Fill;

export interface BookRequest {
  readonly topic: string;
  readonly partition: number;
  readonly epoch: number;
  readonly nextOffset: number;
  /** The record before it, by which the log is known again. */
  readonly marker?: LogMarker;
  readonly records: readonly Booked[];
  /** Kinds that nobody knows, and where they were. */
  readonly kinds?: readonly KindPlace[];
}

/** A record of the request, by its index, that cannot be booked. */
export interface Refused {
  readonly index: number;
  readonly reason: 'unbookable' | 'contradiction' | 'refused_by_postgres';
  readonly detail: string;
}

/**
 * Called with what cannot be booked, before anything is committed; not called where all can be.
 * Resolves once it is kept elsewhere, with all places that are to be noted with the batch.
 */
export type OnRefused = (refused: readonly Refused[]) => Promise<readonly DeadPlace[]>;

/** One booking at a time in a database; any number that nobody else locks. */
const BOOKING_LOCK = 7_414_106;

/**
 * Books all that can be booked and moves the position, or nothing. Rejects when the server is away
 * or `onRefused` does; never because of what a record says.
 */
export async function bookBatch(
  pool: Pool,
  request: BookRequest,
  onRefused: OnRefused,
): Promise<'booked' | 'fenced'> {
  try {
    return await bookAll(pool, request, onRefused, bookPlainly);
  } catch (error) {
    if (!isDataError(error)) throw error;
  }
  // One of them breaks the transaction: again, each with a point behind it to go back to.
  return bookAll(pool, request, onRefused, bookGuarded);
}

type BookOne = (client: PoolClient, record: Booked) => Promise<Verdict>;
/** Null: it is booked, or was before. */
type Verdict = Omit<Refused, 'index'> | null;

function bookAll(
  pool: Pool,
  request: BookRequest,
  onRefused: OnRefused,
  bookOne: BookOne,
): Promise<'booked' | 'fenced'> {
  return inTransaction(pool, async (client) => {
    const { rowCount } = await client.query(
      `UPDATE checkpoints SET next_offset = $4, updated_at = now(),
         marker_offset = $5, marker_hash = $6
       WHERE stage = 'trades' AND topic = $1 AND partition = $2 AND epoch = $3`,
      [
        request.topic,
        request.partition,
        request.epoch,
        request.nextOffset,
        request.marker?.offset ?? null,
        request.marker?.hash ?? null,
      ],
    );
    if (rowCount === 0) return 'fenced';
    // A signal and its fill come on two topics: booked at the same time, neither would see the
    // other.
    await client.query('SELECT pg_advisory_xact_lock($1)', [BOOKING_LOCK]);
    const refused: Refused[] = [];
    for (const [index, record] of request.records.entries()) {
      const verdict = await bookOne(client, record);
      if (verdict !== null) refused.push({ index, ...verdict });
    }
    // Deferred triggers would speak at the commit only: too late, what is dead is reported by then.
    await client.query('SET CONSTRAINTS ALL IMMEDIATE');
    await noteDead(client, await onRefused(refused));
    await noteKinds(client, request.kinds ?? []);
    return 'booked';
  });
}

async function bookPlainly(client: PoolClient, record: Booked): Promise<Verdict> {
  switch (record.kind) {
    case 'signal':
      return bookSignal(client, record);
    case 'signal_end':
      return bookEnd(client, record);
    case 'refusal':
      return bookRefusal(client, record);
    case 'fill':
      return bookFill(client, record);
  }
}

async function bookGuarded(client: PoolClient, record: Booked): Promise<Verdict> {
  await client.query('SAVEPOINT record');
  try {
    const verdict = await bookPlainly(client, record);
    await client.query('SET CONSTRAINTS ALL IMMEDIATE');
    await client.query('SET CONSTRAINTS ALL DEFERRED');
    await client.query('RELEASE SAVEPOINT record');
    return verdict;
  } catch (error) {
    if (!isDataError(error)) throw error;
    await client.query('ROLLBACK TO SAVEPOINT record');
    await client.query('RELEASE SAVEPOINT record');
    const { code, message } = error as Error & { code: string };
    return { reason: 'refused_by_postgres', detail: `${message} (SQLSTATE ${code})` };
  }
}

async function bookSignal(client: PoolClient, signal: Signal): Promise<Verdict> {
  const { ts, decided_ts, known_at, expires_at } = signal;
  const row = {
    ...pickColumns('signals', signal),
    ts: formatUs(ts),
    decided_ts: formatUs(decided_ts),
    known_at: formatUs(known_at),
    expires_at: formatUs(expires_at),
    content_sha256: contentHash(signal),
  };
  const key = { signal_id: signal.signal_id };
  const isNew = await insert(client, 'signals', row);
  const isOurs = isNew || (await sameOrReport(client, 'signals', key, row, signal.kind));
  await settleSignal(client, signal.signal_id);
  return isOurs ? null : contradiction(signal.kind, signal.signal_id);
}

async function bookEnd(client: PoolClient, end: SignalEnd): Promise<Verdict> {
  const row = {
    ...pickColumns('signal_ends', end),
    ts: formatUs(end.ts),
    content_sha256: contentHash(end),
  };
  const key = { signal_id: end.signal_id };
  const isNew = await insert(client, 'signal_ends', row);
  const isOurs = isNew || (await sameOrReport(client, 'signal_ends', key, row, end.kind));
  await settleSignal(client, end.signal_id);
  return isOurs ? null : contradiction(end.kind, end.signal_id);
}

/** One row a cause, whatever the order: the newest record holds all that the others hold. */
async function bookRefusal(client: PoolClient, refusal: Refusal): Promise<null> {
  const { bot, account, venue, symbol, cause, reason, first_ts, last_ts, decisions } = refusal;
  await client.query(
    `INSERT INTO signal_refusals AS r
       (bot, account, venue, symbol, cause, reason, first_ts, last_ts, decisions)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
     ON CONFLICT (bot, account, venue, symbol, cause) DO UPDATE SET reason = excluded.reason,
       first_ts = excluded.first_ts, last_ts = excluded.last_ts, decisions = excluded.decisions
     WHERE r.last_ts < excluded.last_ts`,
    [bot, account, venue, symbol, cause, reason, formatUs(first_ts), formatUs(last_ts), decisions],
  );
  return null;
}

const contradiction = (kind: string, id: string): Verdict => ({
  reason: 'contradiction',
  detail: `a ${kind} of the id ${id} is booked with another content`,
});
