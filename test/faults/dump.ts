/**
 * Everything that an installation has derived, in a form that two runs can be compared by: each
 * table's rows as text in the order of its key, each topic's records by id, dead letters and
 * quality events by the content of what they speak of.
 */
import { createHash } from 'node:crypto';
import { must } from '../../src/assert.ts';
import type { Context } from '../../src/runtime/context.ts';
import { MARKET_TABLES } from '../../src/questdb/tables/schema.ts';
import { POISON } from './poison.ts';
import { SUSPENDED_VENUE } from '../support/suspended.ts';
import { readTopic, type LoggedRecord } from '../support/topics.ts';

/** Table or topic -> its rows, sorted. */
export type Dump = ReadonlyMap<string, readonly string[]>;

/**
 * PostgreSQL's derived tables and the columns of each that are left out, all of them wall times.
 *
 * Not compared, because operational: `checkpoints`, `operator_state`, `control_outbox`,
 * `control_places` (offsets and epochs of this very run), `job_runs`, `errors`, `alerts`,
 * `audit_log`, `settings`, `system_health` (wall times and attempts), `account_snapshots` (a row
 * per booking: depends on how batches fell), `backfilled` (no history is fed here),
 * `promotion_loans`, `verdict_values` and `retrain_triggers` (reviews and the calendar make them,
 * and at which event times these look is, live, a matter of when the jobs process comes by; what
 * they find at one event time stays the same), `dead_letters`, `dead_letter_counts` and
 * `unknown_kinds` (offsets and wall times of this run).
 */
const POSTGRES_TABLES: Readonly<Record<string, readonly string[]>> = {
  instruments: [],
  stored_watermarks: ['moved_us', 'changed_xid'],
  accounts: [],
  signals: [],
  signal_ends: [],
  signal_refusals: [],
  signal_outcomes: [],
  orders: [],
  fills: [],
  trades: [],
  ledger_entries: [],
  models: ['created_at', 'waits_because'],
  model_activations: ['created_at'],
};

const TOPICS = { features: 'feature_id', predictions: 'prediction_id', fills: 'fill_id' } as const;

export async function takeDump(context: Context): Promise<Dump> {
  const dump = new Map<string, string[]>();
  const reader = context.questdbReader();
  for (const table of MARKET_TABLES) {
    const rows = await reader.query<Record<string, unknown>>(
      `SELECT * FROM ${table} WHERE venue NOT IN ('${POISON}', '${SUSPENDED_VENUE}')`,
    );
    dump.set(`questdb.${table}`, rows.map((row) => JSON.stringify(row)).toSorted());
  }
  for (const [table, left] of Object.entries(POSTGRES_TABLES)) {
    const { rows } = await context.postgres.query<Record<string, unknown>>(
      // A model's newest review: which event times are reviewed live is a matter of when.
      table === 'models'
        ? `SELECT *, metrics - ARRAY['live_champion', 'live_shadow'] AS metrics
           FROM models`
        : `SELECT * FROM ${table}`,
    );
    const ours = rows.filter((row) => !JSON.stringify(row).includes(`"${POISON}`));
    const kept = ours.map((row) =>
      JSON.stringify(Object.fromEntries(Object.entries(row).filter(([c]) => !left.includes(c)))),
    );
    dump.set(`postgres.${table}`, kept.toSorted());
  }
  for (const [topic, id] of Object.entries(TOPICS)) {
    dump.set(`topic.${topic}`, recordsById(await readTopic(context, topic), topic, id));
  }
  dump.set('topic.signals', await signals(context));
  const log = await readTopic(context, 'ticks');
  dump.set('dead-letters', await deadLetters(context));
  dump.set('quality_events', await qualityEvents(context, log));
  return dump;
}

/** One line an id; repeats that differ in a byte are an error. */
function recordsById(records: readonly LoggedRecord[], topic: string, id: string): string[] {
  const byId = new Map<string, string>();
  for (const { key, value } of records) {
    if (isPoison(key)) continue;
    const text = String(value);
    const name = String((JSON.parse(text) as Record<string, unknown>)[id]);
    const before = byId.get(name);
    if (before !== undefined && before !== text) {
      throw new Error(`${topic} holds ${name} twice with different bytes:\n${before}\n${text}`);
    }
    byId.set(name, text);
  }
  return [...byId.values()].toSorted();
}

/** Signals and how they ended share a topic. */
async function signals(context: Context): Promise<string[]> {
  const records = (await readTopic(context, 'signals')).filter(({ key }) => !isPoison(key));
  return [...new Set(records.map(({ value }) => String(value)))].toSorted();
}

async function deadLetters(context: Context): Promise<string[]> {
  const letters = (await readTopic(context, 'dead-letters')).filter(({ key }) => !isPoison(key));
  const lines = letters.map(({ key, value, headers }) =>
    JSON.stringify([key, hash(value), headers['reason'], headers['source_topic']]),
  );
  return [...new Set(lines)].toSorted();
}

/** A source is a place in this run's log; what stood there is the same in both runs. */
async function qualityEvents(context: Context, log: readonly LoggedRecord[]): Promise<string[]> {
  const at = new Map(log.map((record) => [`${record.partition}/${record.offset}`, record]));
  const rows = await context
    .questdbReader()
    .query<Record<string, unknown> & { source: string }>('SELECT * FROM quality_events');
  const ours = rows.filter(({ venue, source }) => venue !== POISON && source.startsWith('ticks/'));
  const lines = ours.map(({ source, ...row }) => {
    const [, place = '', position = ''] = /^ticks\/(\d+\/\d+)(#\d+)?$/.exec(source) ?? [];
    const record = must(at.get(place), `a record stands at ${source}`);
    return JSON.stringify({ ...row, source: [hash(record.value), position] });
  });
  return [...new Set(lines)].toSorted();
}

const isPoison = (key: string | null): boolean => key?.startsWith(POISON) ?? false;

const hash = (value: Buffer | null): string =>
  value === null ? 'null' : createHash('sha256').update(value).digest('hex');

/** How many rows of each, for a person. */
export const formatSizes = (dump: Dump): string =>
  [...dump].map(([name, rows]) => `${name.replace(/^.*\./, '')} ${rows.length}`).join(', ');

/** The fewest rows that a comparison means anything with. */
const AT_LEAST: Readonly<Record<string, number>> = {
  'questdb.ticks': 5_000,
  'questdb.quotes': 2_000,
  'questdb.heartbeats': 10,
  'questdb.candles': 500,
  'questdb.features': 500,
  'questdb.predictions': 500,
  'questdb.labels': 300,
  'postgres.instruments': 1,
  'postgres.stored_watermarks': 3,
  'postgres.accounts': 1,
  'postgres.signals': 10,
  'postgres.signal_outcomes': 10,
  'postgres.orders': 20,
  'postgres.fills': 20,
  'postgres.trades': 10,
  'postgres.ledger_entries': 50,
  'postgres.models': 1,
  'postgres.model_activations': 1,
  'topic.features': 500,
  'topic.predictions': 500,
  'topic.fills': 20,
  'topic.signals': 10,
  'dead-letters': 50,
  quality_events: 100,
};

const SHOWN = 5;

/**
 * What the runs do not have in common, for a person; empty when they are the same. `atLeast`: where
 * an input gives fewer rows than that of the faults.
 */
export function differences(
  golden: Dump,
  faulty: Dump,
  atLeast: Readonly<Record<string, number>> = {},
): string[] {
  const found: string[] = [];
  for (const [name, expected] of golden) {
    const rows = faulty.get(name) ?? [];
    if (expected.length < (atLeast[name] ?? AT_LEAST[name] ?? 0)) {
      found.push(`${name}: ${expected.length} rows in the golden run prove nothing`);
    }
    const [has, wanted] = [new Set(rows), new Set(expected)];
    const missing = expected.filter((row) => !has.has(row));
    const extra = rows.filter((row) => !wanted.has(row));
    if (missing.length + extra.length === 0 && rows.length === expected.length) continue;
    found.push(`${name}: ${missing.length} rows missing, ${extra.length} extra`);
    for (const row of missing.slice(0, SHOWN)) found.push(`  - ${row.slice(0, 400)}`);
    for (const row of extra.slice(0, SHOWN)) found.push(`  + ${row.slice(0, 400)}`);
  }
  return found;
}
