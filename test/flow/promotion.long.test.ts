/**
 * A market that the project has never seen, replayed through the real servers with its sync points:
 * a model passes the gate, earns its place as a shadow on live outcomes, is taken up by the running
 * stream where its record stands, and trades.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { verifyTrainedSet, type TrainedSet } from '../../pipelines/dataset/trained.ts';
import { formatUs, parseUs, US_PER_DAY } from '../../src/domain/time.ts';
import { mergedTrades } from '../../src/market/merged.ts';
import { tickloom } from '../support/command.ts';
import { Installation } from '../support/installation.ts';

const [VENUE, SYMBOL] = ['synthetic', 'PLANTED901/USD'];
const PASSED_AT = '2026-01-11';
const PROMOTED_AT = '2026-01-13';
const SLOW = 420_000;

interface Predicted {
  readonly decided_ts: number;
  readonly model_id: string;
}

describe('a market with a planted edge', () => {
  let installation: Installation;
  beforeAll(async () => {
    installation = new Installation({ TICKLOOM_RETRAIN_EVERY: '4d' });
    for (const name of ['stream', 'sink', 'money', 'jobs'] as const) await installation.start(name);
  });
  afterAll(() => installation.close());

  const rows = async <Row extends object>(sql: string, ...params: unknown[]): Promise<Row[]> =>
    (await installation.context.postgres.query<Row>(sql, params)).rows;

  test(
    'the candidate is promoted, taken up without a restart, and traded',
    async () => {
      const [fromUs, toUs] = [parseUs('2026-01-01'), parseUs('2026-01-14T20:00:00Z')];
      const market = { seed: 901, venue: VENUE, symbols: [SYMBOL], rate: 0.2 };
      const source = mergedTrades({ ...market, fromUs, toUs, edge: 'planted' });
      await installation.feed(source, { syncPoints: true });

      const runs = await rows<{ due_ts: number; state: string }>(
        `SELECT due_ts, state FROM job_runs WHERE job = 'training' AND subject = $1
         ORDER BY due_ts`,
        `${VENUE}:${SYMBOL}`,
      );
      expect(runs.map(({ due_ts, state }) => [due_ts, state])).toEqual([
        [parseUs('2026-01-03'), 'refused'],
        [parseUs('2026-01-07'), 'done'],
        [parseUs(PASSED_AT), 'done'],
      ]);
      const models = await rows<{ model_id: string; state: string; verdict: object }>(
        'SELECT model_id, state, verdict FROM models WHERE symbol = $1 ORDER BY trained_at',
        SYMBOL,
      );
      expect(models).toMatchObject([
        { state: 'rejected', verdict: { passed: false } },
        { state: 'champion', verdict: { passed: true } },
      ]);
      const champion = models[1]!.model_id;

      const [shadow, live] = await rows<{ from_ts: number; until_ts: number | null }>(
        'SELECT from_ts, until_ts FROM model_activations WHERE model_id = $1 ORDER BY from_ts',
        champion,
      );
      expect(shadow?.from_ts).toBeGreaterThanOrEqual(parseUs(PASSED_AT));
      expect(shadow?.until_ts, 'it leaves its slot where it decides').toBe(live?.from_ts);
      expect(live?.from_ts).toBeGreaterThanOrEqual(parseUs(PROMOTED_AT));
      expect(live?.until_ts).toBeNull();
      const tried = await installation.reader.query<Predicted>(
        'SELECT decided_ts, model_id FROM predictions WHERE symbol = $1 AND slot = $2',
        [SYMBOL, champion],
      );
      expect(tried.length).toBeGreaterThan(2_000);
      const [judged] = await rows<{ verdict: { comparisons: { rows: number }[] } }>(
        `SELECT metrics->'live_shadow'->'verdict' AS verdict FROM models WHERE model_id = $1`,
        champion,
      );
      expect(judged?.verdict).toMatchObject({ passed: true });
      expect(judged?.verdict.comparisons[0]?.rows).toBeLessThan(tried.length);
      const predicted = await installation.reader.query<Predicted>(
        `SELECT decided_ts, model_id FROM predictions
         WHERE symbol = $1 AND slot = 'champion' ORDER BY decided_ts`,
        [SYMBOL],
      );
      expect(predicted.length).toBeGreaterThan(15_000);
      const wrong = predicted.filter(
        ({ decided_ts, model_id }) =>
          (model_id === champion) !== decided_ts >= (live?.from_ts ?? Infinity),
      );
      expect(wrong, 'the activation divides the decisions').toEqual([]);

      const traded = await rows<{ entries: number; closed: number; before: number }>(
        `SELECT count(*) AS entries, count(*) FILTER (WHERE state = 'closed') AS closed,
           count(*) FILTER (WHERE opened_at < $2) AS before
         FROM trades WHERE symbol = $1 AND model_id = $3`,
        SYMBOL,
        PROMOTED_AT,
        champion,
      );
      expect(traded[0]?.closed).toBeGreaterThan(5);
      expect(traded[0]?.before, 'no trade before its model').toBe(0);
    },
    SLOW,
  );

  test('what each was trained on is had again from the tables, and pulled as files', async () => {
    const sets = await rows<{ manifest: TrainedSet }>(
      `SELECT d.manifest FROM datasets d JOIN models m USING (dataset_id)
       WHERE m.symbol = $1 ORDER BY m.trained_at`,
      SYMBOL,
    );
    expect(sets).toHaveLength(2);
    for (const { manifest } of sets) {
      expect(await verifyTrainedSet(installation.reader, manifest)).toEqual([]);
    }
    const { manifest: set } = sets[0]!;
    const earlier = { ...set, as_of: formatUs(parseUs(set.as_of) - US_PER_DAY) };
    const [differs] = await verifyTrainedSet(installation.reader, earlier);
    expect(differs).toMatch(new RegExp(`^rows: ${set.rows}, again \\d+$`));

    const { code, out } = await tickloom('dataset', 'verify', set.dataset_id);
    expect([code, out]).toEqual([0, expect.stringContaining(`bit for bit (${set.rows} rows)`)]);
    const dir = mkdtempSync(join(tmpdir(), 'tickloom-trained-'));
    const pulled = ['dataset', 'pull', set.dataset_id, '--out', join(dir, 'set')] as const;
    const made = JSON.parse((await tickloom(...pulled, '--json')).out) as TrainedSet;
    const { rows: n, rows_in, excluded } = set;
    expect(made).toMatchObject({ rows: n, rows_in, excluded, as_of: set.as_of });
    expect((await tickloom('dataset', 'verify', join(dir, 'set'))).code).toBe(0);
    rmSync(dir, { recursive: true });
  });
});
