/** Small staged tables for the tests of the join: times in seconds, one feature `x`. */
import { must } from '../../../src/assert.ts';
import { duckRows, openDuckdb } from '../../../pipelines/dataset/duckdb.ts';
import type { DatasetDefinition } from '../../../pipelines/dataset/definition.ts';
import { joinAll, requestDecisions } from '../../../pipelines/dataset/join.ts';
import {
  appendRows,
  CHAMPION_COLUMNS,
  createStages,
  featureColumns,
  featureTable,
  LABEL_COLUMNS,
} from '../../../pipelines/dataset/stage.ts';

export interface Feature {
  readonly ts: number;
  readonly decided_ts: number;
  readonly known_at: number;
  readonly revision: number;
  readonly x: number | null;
  /** The instrument; 0 unless given. */
  readonly of?: number;
}

export interface Label {
  readonly ts: number;
  readonly revision: number;
  readonly up: 0 | 1 | null;
  readonly void_reason?: string;
  readonly of?: number;
}

export interface Joined {
  readonly request_row: number;
  readonly ts: number | null;
  readonly symbol: string;
  readonly x: number | null;
  readonly up: number | null;
  readonly missing: string | null;
}

export interface Staged {
  /** By feature set; each has one feature `x`. */
  readonly features: readonly (readonly Feature[])[];
  readonly labels?: readonly Label[];
  /** Null: all decisions. */
  readonly requests: readonly (readonly [of: number, at: number])[] | null;
  readonly known?: DatasetDefinition['known'];
  readonly maxAge?: number;
}

const SYMBOLS = ['A/USD', 'B/USD', 'C/USD'];
const s = (seconds: number): number => seconds * 1_000_000;

/** The joined rows in the order of the requests. */
export async function joinedRows(staged: Staged): Promise<(Joined & { x1?: number | null })[]> {
  const { features, labels, requests, known = 'as-of', maxAge } = staged;
  const sets = features.map((_, n) => ({ feature_set: `set${n}@1`, features: ['x'] }));
  const { db, close } = await openDuckdb();
  try {
    await createStages(db, sets);
    await db.run('CREATE TABLE instruments (instrument INTEGER, venue VARCHAR, symbol VARCHAR)');
    for (const [n, symbol] of SYMBOLS.entries()) {
      await db.run('INSERT INTO instruments VALUES ($1, $2, $3)', [n, 'v', symbol]);
    }
    for (const [n, rows] of features.entries()) {
      for (const { of = 0, x, revision, ...times } of rows) {
        const row = { ...inUs(times), revision, x };
        const columns = featureColumns(must(sets[n]));
        await appendRows(db, featureTable(n), columns, of, [row]);
      }
    }
    for (const { of = 0, ts, revision, up, void_reason = null } of labels ?? []) {
      const state = up === null ? 'void' : 'matured';
      const row = { ts: s(ts), revision, up, state, void_reason };
      await appendRows(db, 'labels', LABEL_COLUMNS, of, [row]);
    }
    await appendRows(db, 'champion', CHAMPION_COLUMNS, 0, []);
    if (requests === null) await requestDecisions(db);
    else {
      await db.run(
        'CREATE TABLE requests (request_row BIGINT, instrument INTEGER, requested_at BIGINT)',
      );
      for (const [row, [of, at]] of requests.entries()) {
        await db.run('INSERT INTO requests VALUES ($1, $2, $3)', [row, of, BigInt(s(at))]);
      }
    }
    await joinAll(db, {
      feature_sets: sets,
      label_spec: labels === undefined ? null : 'direction_1h@1',
      known,
      max_age_us: maxAge === undefined ? null : s(maxAge),
      isDecisions: requests === null,
    });
    const x = sets.length === 1 ? 'x' : 'set0__x AS x, set1__x AS x1';
    return await duckRows<Joined>(
      db,
      `SELECT request_row, epoch_us(ts) / 1000000 AS ts, symbol, ${x}, up, missing
       FROM dataset ORDER BY request_row`,
    );
  } finally {
    close();
  }
}

const inUs = (times: Readonly<Record<string, number>>): Record<string, number> =>
  Object.fromEntries(Object.entries(times).map(([name, seconds]) => [name, s(seconds)]));
