/**
 * staged tables + requests -> the table `dataset`: one row for each request, whatever it lacks
 *
 * A feature row answers requests from the moment on at which it could be acted on. Of those that
 * could at a request's time, the one with the latest `ts` counts, and of its revisions the latest;
 * a request at that very moment (<=) has it. The outcome is that of the decision whose features the
 * row carries. `missing` says what a row lacks, by one word.
 *
 * A join of DuckDB's only (ASOF): requests and feature rows are sorted once and merged, and what
 * does not fit into memory goes to disk.
 */
import type { DuckDBConnection } from '@duckdb/node-api';
import { duckRow, identifier } from './duckdb.ts';
import { NULL_SHARE_MAX } from '../../src/learning/null-policy.ts';
import { featureColumns, type DatasetDefinition } from './definition.ts';
import { featureTable } from './stage.ts';

type Joined = Pick<DatasetDefinition, 'feature_sets' | 'label_spec' | 'known' | 'max_age_us'> & {
  /** The rows are decisions, not requests of the user's own. */
  readonly isDecisions: boolean;
};

/** Fills `requests` with all decisions of the first feature set that are staged. */
export async function requestDecisions(db: DuckDBConnection): Promise<void> {
  await db.run(
    `CREATE TABLE requests AS
     SELECT row_number() OVER (ORDER BY instrument, ts) - 1 AS request_row, instrument,
       arg_max(decided_ts, revision) AS requested_at, ts, arg_max(rowid, revision) AS id
     FROM ${featureTable(0)} GROUP BY instrument, ts`,
  );
}

/** Joins `requests` (request_row, instrument, requested_at) with what is staged. */
export async function joinAll(db: DuckDBConnection, joined: Joined): Promise<void> {
  const { feature_sets, known, max_age_us, isDecisions } = joined;
  for (const n of feature_sets.keys()) {
    if (n === 0 && isDecisions) {
      const own = 'SELECT request_row, id, false AS too_old FROM requests';
      await db.run(`CREATE TABLE match_0 AS ${own}`);
      continue;
    }
    await makeStanding(db, featureTable(n), known);
    await db.run(`CREATE TABLE match_${n} AS ${matchSql(max_age_us)}`);
    await db.run('DROP TABLE standing');
  }
  await db.run(`CREATE TABLE dataset AS ${datasetSql(joined)}`);
}

/**
 * The table `standing`: feature rows that are somebody's answer, each with the moment from which on
 * it is. Rows that are staged in the order in which they arrived are all of that; only where one
 * arrived behind a later candle, or with another, they have to be sorted.
 */
async function makeStanding(
  db: DuckDBConnection,
  table: string,
  known: DatasetDefinition['known'],
): Promise<void> {
  await db.run(`CREATE TABLE arrivals AS ${await arrivalsSql(db, table, known)}`);
  const { n } = await duckRow<{ n: number }>(
    db,
    `SELECT count(*) AS n FROM (
       SELECT instrument, ts, available, lag(instrument) OVER () AS last_instrument,
         lag(ts) OVER () AS last_ts, lag(available) OVER () AS last_available FROM arrivals)
     WHERE instrument < last_instrument
       OR instrument = last_instrument AND (ts <= last_ts OR available <= last_available)`,
  );
  if (n === 0) {
    await db.run('ALTER TABLE arrivals RENAME TO standing');
    return;
  }
  await db.run(
    `CREATE TABLE standing AS SELECT id, instrument, ts, available FROM (
       SELECT *, max(place) OVER (arrival ROWS UNBOUNDED PRECEDING) AS best,
         lead(available) OVER arrival AS next
       FROM (SELECT *, ts::HUGEINT * 4294967296 + revision AS place FROM arrivals)
       WINDOW arrival AS (PARTITION BY instrument ORDER BY available, place)
     ) WHERE place = best AND next IS DISTINCT FROM available`,
  );
  await db.run('DROP TABLE arrivals');
}

/**
 * When each row can be acted on. Whatever was never served was decided by nobody: where what was
 * known later may count, it stands from the end of its candle on.
 */
async function arrivalsSql(
  db: DuckDBConnection,
  table: string,
  known: DatasetDefinition['known'],
): Promise<string> {
  const row = 'rowid AS id, instrument, ts, revision';
  if (known === 'request') {
    return `SELECT ${row}, greatest(decided_ts, known_at) AS available FROM ${table}`;
  }
  const revised = `SELECT count(*) AS n FROM ${table} WHERE revision > 0`;
  const { n } = await duckRow<{ n: number }>(db, revised);
  if (n === 0) return `SELECT ${row}, decided_ts AS available FROM ${table}`;
  return `SELECT arg_max(rowid, revision) AS id, instrument, ts, max(revision) AS revision,
      CASE WHEN min(revision) = 0 THEN arg_max(decided_ts, revision) ELSE ts END AS available
    FROM ${table} GROUP BY instrument, ts`;
}

function matchSql(maxAgeUs: number | null): string {
  const tooOld =
    maxAgeUs === null ? 'false' : `coalesce(r.requested_at - s.ts > ${maxAgeUs}, false)`;
  return `SELECT r.request_row, CASE WHEN ${tooOld} THEN NULL ELSE s.id END AS id,
      ${tooOld} AS too_old
    FROM requests r
    ASOF LEFT JOIN standing s ON r.instrument = s.instrument AND r.requested_at >= s.available`;
}

/** The columns of a set's files behind those that say which row it is; `symbol` is in their path. */
export function fileColumns(definition: DatasetDefinition): string[] {
  const { entities, keep, label_spec } = definition;
  return [
    ...(entities === null ? [] : ['request_row', 'request_ts']),
    'ts',
    'decided_ts',
    'venue',
    ...featureColumns(definition).map(identifier),
    ...(label_spec === null ? [] : ['up', 'forward_return', 'exit_ts', 'champion_probability']),
    ...(keep === 'all' ? ['missing'] : []),
  ];
}

function datasetSql(joined: Joined): string {
  const { feature_sets, label_spec, isDecisions } = joined;
  const names = featureColumns(joined);
  const sources = feature_sets.flatMap(({ features }, n) =>
    features.map((feature) => `f${n}.${identifier(feature)}`),
  );
  const values = sources.map((source, at) => `${source} AS ${identifier(names[at] ?? '')}`);
  const joins = feature_sets.map(
    (_, n) => `JOIN match_${n} m${n} ON m${n}.request_row = r.request_row
      LEFT JOIN ${featureTable(n)} f${n} ON f${n}.rowid = m${n}.id`,
  );
  const at = isDecisions ? 'r.ts' : 'r.requested_at';
  return `SELECT r.request_row, make_timestamptz(r.requested_at) AS request_ts,
      make_timestamptz(f0.ts) AS ts, make_timestamptz(f0.decided_ts) AS decided_ts,
      i.venue, i.symbol, strftime(make_timestamp(${at}), '%Y-%m-%d') AS date, ${at} AS position,
      ${values.join(', ')}, l.up, l.forward_return, make_timestamptz(l.exit_ts) AS exit_ts,
      (coalesce(f0.imported_at, l.imported_at) IS NOT NULL) AS imported,
      c.probability_up AS champion_probability, ${missingSql(label_spec, sources)} AS missing
    FROM requests r
    JOIN instruments i ON i.instrument = r.instrument
    ${joins.join('\n')}
    LEFT JOIN (
      SELECT * FROM labels
      QUALIFY row_number() OVER (PARTITION BY instrument, ts ORDER BY revision DESC) = 1
    ) l ON l.instrument = r.instrument AND l.ts = f0.ts
    LEFT JOIN (
      SELECT instrument, ts, any_value(probability_up) AS probability_up
      FROM champion GROUP BY instrument, ts
    ) c ON c.instrument = r.instrument AND c.ts = f0.ts`;
}

/** What a row lacks, the first of: a feature row, one that is young enough, an outcome, values. */
function missingSql(labelSpec: string | null, sources: readonly string[]): string {
  const outcome = `WHEN l.ts IS NULL THEN 'immature'
    WHEN l.state = 'void' THEN 'void_' || coalesce(l.void_reason, 'unknown')`;
  const nulls = sources.map((source) => `(${source} IS NULL)::INTEGER`).join(' + ');
  return `CASE WHEN m0.too_old THEN 'too_old' WHEN m0.id IS NULL THEN 'no_feature'
    ${labelSpec === null ? '' : outcome}
    WHEN ${nulls} > ${NULL_SHARE_MAX * sources.length} THEN 'warming_up' END`;
}
