/**
 * A market that the project has never seen, replayed through the real servers with its sync points:
 * a model passes the gate, earns its place as a shadow on live outcomes, is taken up by the running
 * stream where its record stands, and trades.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { verifyTrainedSet, type TrainedSet } from '../../pipelines/dataset/trained.ts';
import { must } from '../../src/assert.ts';
import { PROJECT_DIR } from '../../src/code-files.ts';
import { formatUs, parseUs, US_PER_DAY, US_PER_HOUR } from '../../src/domain/time.ts';
import { mergedTrades } from '../../src/market/merged.ts';
import { tickloom } from '../support/command.ts';
import { Installation } from '../support/installation.ts';
import { hasPython } from '../support/python.ts';

const [VENUE, SYMBOL] = ['synthetic', 'PLANTED901/USD'];
const PASSED_AT = '2026-01-11';
/** Three days of evidence at most: the first counts from the midnight behind the gate. */
const PROMOTED_BY = '2026-01-15';
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
      const [fromUs, toUs] = [parseUs('2026-01-01'), parseUs('2026-01-16T12:00:00Z')];
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
        [parseUs('2026-01-15'), 'done'],
      ]);
      const models = await rows<{ model_id: string; state: string; verdict: object }>(
        'SELECT model_id, state, verdict FROM models WHERE symbol = $1 ORDER BY trained_at',
        SYMBOL,
      );
      expect(models.slice(0, 2)).toMatchObject([
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
      expect(live?.from_ts).toBeLessThan(parseUs(PROMOTED_BY) + US_PER_HOUR);
      expect(live?.until_ts).toBeNull();
      const tried = await installation.reader.query<Predicted>(
        'SELECT decided_ts, model_id FROM predictions WHERE symbol = $1 AND slot = $2',
        [SYMBOL, champion],
      );
      expect(tried.length).toBeGreaterThan(2_000);
      const [paid] = await rows<{ event: string; loan: number; log_evidence: number }>(
        `SELECT event, loan, log_evidence FROM promotion_loans
         WHERE model_id = $1 ORDER BY entry_id DESC LIMIT 1`,
        champion,
      );
      expect(paid?.event).toBe('promote');
      expect((paid?.loan ?? 0) * Math.exp(paid?.log_evidence ?? 0)).toBeGreaterThanOrEqual(1);
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
        formatUs(live?.from_ts ?? 0),
        champion,
      );
      expect(traded[0]?.closed).toBeGreaterThan(5);
      expect(traded[0]?.before, 'no trade before its model').toBe(0);
    },
    SLOW,
  );

  test.runIf(hasPython)(
    'its evidence is what another program makes of the stored rows',
    async () => {
      const [tenure] = await rows<{ model_id: string; control_id: string }>(
        `SELECT model_id, control_id FROM promotion_loans l JOIN models m USING (model_id)
       WHERE m.symbol = $1 AND l.event = 'promote'`,
        SYMBOL,
      );
      const { model_id: modelId, control_id: controlId } = must(tenure, 'one was promoted');
      const kept = await rows<{ session_ts: number; bets: number; gain: number; logs: number[] }>(
        `SELECT session_ts, bets, gain, logs FROM verdict_values
       WHERE control_id = $1 AND reference = 'champion' ORDER BY session_ts`,
        controlId,
      );
      const served = await installation.reader.query<Record<string, number>>(
        `SELECT s.decided_ts AS decided, s.ts AS candle, s.probability_up AS p,
         c.probability_up AS q, l.up AS up
       FROM (SELECT * FROM predictions WHERE symbol = $1 AND slot = $2 AND verdict = 'ok') s
       JOIN (SELECT * FROM predictions WHERE symbol = $1 AND slot = 'champion'
               AND (verdict = 'ok' OR (verdict = 'warming_up' AND model_id = 'baseline@1'))) c
         ON s.ts = c.ts
       JOIN (SELECT * FROM labels WHERE symbol = $1 AND revision = 0 AND state = 'matured') l
         ON s.ts = l.ts`,
        [SYMBOL, modelId],
      );
      const input = JSON.stringify({
        rows: served.map(({ decided, candle, p, q, up }) => [decided, candle, p, q, up]),
        ...{ from_us: kept[0]?.session_ts, until_us: (kept.at(-1)?.session_ts ?? 0) + US_PER_DAY },
        ...{ horizon_us: US_PER_HOUR, lateness_us: installation.context.config.latenessUs },
      });
      const script = join(PROJECT_DIR, 'test', 'oracle', 'verdicts.py');
      const { stdout, stderr } = spawnSync('python3', [script], { input, encoding: 'utf8' });
      expect(stderr).toBe('');
      const again = JSON.parse(stdout) as typeof kept;
      expect(kept.length).toBeGreaterThanOrEqual(1);
      expect(again.map((of) => [of.session_ts, of.bets])).toEqual(
        kept.map((of) => [of.session_ts, of.bets]),
      );
      for (const [i, { gain, logs }] of kept.entries()) {
        expect(again[i]?.gain).toBeCloseTo(gain, 9);
        for (const [k, log] of logs.entries()) expect(again[i]?.logs[k]).toBeCloseTo(log, 9);
      }
      expect((await tickloom('models', 'verdict', modelId, '--check')).code).toBe(0);
      await rows(
        `UPDATE verdict_values SET gain = gain + 1e-6 WHERE control_id = $1 AND session_ts = $2`,
        ...[controlId, formatUs(must(kept[0]).session_ts)],
      );
      const tampered = await tickloom('models', 'verdict', modelId, '--check');
      expect(tampered.code).toBe(1);
      expect(tampered.err).toContain(`${formatUs(must(kept[0]).session_ts).slice(0, 10)} against`);
    },
  );

  test('what each was trained on is had again from the tables, and pulled as files', async () => {
    const sets = await rows<{ manifest: TrainedSet }>(
      `SELECT d.manifest FROM datasets d JOIN models m USING (dataset_id)
       WHERE m.symbol = $1 ORDER BY m.trained_at`,
      SYMBOL,
    );
    expect(sets.length).toBeGreaterThanOrEqual(2);
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
