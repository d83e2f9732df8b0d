/**
 * The review of models on real tables: a champion whose outcomes show that saying the base rate is
 * better is taken back, a shadow that knows more takes the place of whoever decides, and what was
 * judged is kept. Outcomes that were not known at the review's time have no say.
 */
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { formatUs, parseUs, US_PER_DAY, US_PER_HOUR, US_PER_MIN } from '../../src/domain/time.ts';
import { runReview } from '../../pipelines/review/job.ts';
import { decodeArtefact, encodeArtefact, type ModelManifest } from '../../src/learning/artefact.ts';
import { gaussian, seededRandom } from '../../src/random.ts';
import { changeModel, registerTrained } from '../../src/postgres/tables/registry.ts';
import { noteStored } from '../../src/postgres/tables/stored-watermarks.ts';
import { labels, type LabelRow } from '../../src/questdb/tables/labels.ts';
import { predictions, type PredictionRow } from '../../src/questdb/tables/predictions.ts';
import { arbitraryModel } from '../faults/model.ts';
import { Installation } from '../support/installation.ts';

const LABEL_SPEC = 'direction_1h@1';
const FROM = parseUs('2033-03-01T00:00:00Z');
const DAYS = 3;
const venue = 'reviewed';

interface Row {
  readonly model_id: string;
  readonly state: string;
}

describe('a review', () => {
  let installation: Installation;
  const original = arbitraryModel();

  beforeAll(async () => {
    installation = new Installation();
    // Whoever has to have come by before a review goes on; the tables are written by the test.
    for (const name of ['stream', 'sink', 'money'] as const) await installation.start(name);
  });
  afterAll(() => installation.close());

  const query = async <R extends object>(sql: string, ...params: unknown[]): Promise<R[]> =>
    (await installation.context.postgres.query<R>(sql, params)).rows;

  /** In the registry, and in force in its slot since `FROM`, as the log would have shown. */
  async function inForce(symbol: string, seed: number, as: 'champion' | 'shadow') {
    const artefact = decodeArtefact(original.bytes);
    const manifest: ModelManifest = { ...artefact.manifest, seed };
    const bytes = encodeArtefact({ ...artefact, manifest });
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    const modelId = `review-${symbol}-${seed}`;
    const { postgres } = installation.context;
    await registerTrained(postgres, {
      ...{ venue, symbol, labelSpec: LABEL_SPEC, modelId, sha256, bytes, manifest },
      ...{ verdict: { passed: true, reasons: [] }, codeVersion: '0' },
      ...{ trainedTs: FROM + seed, origin: 'training', actor: 'test', why: 'a test needs one' },
      dataset: { dataset_id: 'ds-review', sha256: 'review', rows: 1, as_of: formatUs(FROM) },
    });
    if (as === 'champion') {
      const request = { action: 'promote', modelId, force: false } as const;
      await changeModel(postgres, request, null, { actor: 'test', why: 'a test', atTs: FROM });
    }
    const slot = as === 'champion' ? as : modelId;
    await query(
      'UPDATE model_activations SET from_ts = $3 WHERE model_id = $1 AND slot = $2',
      ...[modelId, slot, formatUs(FROM)],
    );
    return { modelId, slot };
  }

  /** A decision a minute and what came of it; each slot says what its model knows of that. */
  async function history(
    symbol: string,
    slots: readonly { modelId: string; slot: string; knows: number }[],
  ): Promise<void> {
    const random = seededRandom(9);
    const predicted: PredictionRow[] = [];
    const came: LabelRow[] = [];
    for (let i = 0; i < DAYS * 1440; i++) {
      const ts = FROM + i * US_PER_MIN;
      const decided_ts = ts + 2_000_000;
      // A third of an outcome's blocks are luck; the rest is what a model may know.
      const up = Math.sin(i / 200) + 0.7 * gaussian(random) > 0 ? 1 : 0;
      const of = { ts, decided_ts, venue, symbol, label_spec: LABEL_SPEC };
      for (const { modelId, slot, knows } of slots) {
        predicted.push({
          ...{ ...of, known_at: decided_ts, slot, model_id: modelId, feature_id: `f${ts}` },
          ...{ prediction_id: `${modelId}:${ts}`, horizon_s: 3600, expected_return: 0 },
          ...{ probability_up: 0.5 + 0.2 * knows * Math.sin(i / 200), verdict: 'ok', close: 1 },
        });
      }
      came.push({
        ...{ ...of, label_known_at: decided_ts + US_PER_HOUR, revision: 0, flags: '' },
        ...{ entry_ts: ts + 1, entry_price: 1, exit_ts: ts + US_PER_HOUR, exit_price: 1 },
        ...{ forward_return: up ? 0.01 : -0.01, up, state: 'matured', void_reason: null },
      });
    }
    const writer = installation.context.questdbWriter();
    expect(await writer.write(predictions, predicted)).toEqual([]);
    expect(await writer.write(labels, came)).toEqual([]);
    await installation.reader.waitApplied(['predictions', 'labels']);
    const reachedTs = FROM + DAYS * US_PER_DAY;
    const instrument = `${venue}:${symbol}`;
    await noteStored(installation.context.postgres, [{ instrument, reachedTs }]);
  }

  async function reviewed(symbol: string, atTs: number): Promise<Row[]> {
    const subject = `${venue}:${symbol}`;
    const due = formatUs(atTs);
    await query(
      `INSERT INTO job_runs (job, subject, due_ts) VALUES ('review', $1, $2)`,
      ...[subject, due],
    );
    await runReview(installation.context, { subject, dueTs: atTs });
    const [run] = await query<{ state: string }>(
      `SELECT state FROM job_runs WHERE job = 'review' AND subject = $1 AND due_ts = $2`,
      ...[subject, due],
    );
    expect(run?.state).toBe('done');
    return query<Row>(
      'SELECT model_id, state FROM models WHERE venue = $1 AND symbol = $2 ORDER BY trained_at',
      ...[venue, symbol],
    );
  }

  const because = async (symbol: string): Promise<(string | null)[]> =>
    (
      await query<{ waits_because: string | null }>(
        `SELECT waits_because FROM models WHERE venue = $1 AND symbol = $2 ORDER BY trained_at`,
        ...[venue, symbol],
      )
    ).map((row) => row.waits_because);

  test('takes a champion back that is worse than the base rate, when that is known', async () => {
    const before = await inForce('FALL/USD', 1, 'champion');
    const { modelId } = await inForce('FALL/USD', 2, 'champion');
    await history('FALL/USD', [{ modelId, slot: 'champion', knows: -1 }]);
    const soon = await reviewed('FALL/USD', FROM + US_PER_DAY);
    expect(
      soon.map(({ state }) => state),
      'too little is known',
    ).toEqual(['retired', 'champion']);
    const late = await reviewed('FALL/USD', FROM + 2 * US_PER_DAY);
    expect(late).toEqual([
      { model_id: before.modelId, state: 'champion' },
      { model_id: modelId, state: 'retired' },
    ]);
    const [change] = await query<{ reason: string }>(
      `SELECT actor, action, reason, event_ts, before->>'champion' AS before,
         after->>'champion' AS after FROM model_changes WHERE symbol = 'FALL/USD' LIMIT 1`,
    );
    expect(change).toMatchObject({
      ...{ actor: 'review', action: 'model.rollback', before: modelId, after: before.modelId },
      event_ts: '2033-03-03T00:00:00.000000Z',
    });
    expect(change?.reason).toContain('saying the base rate was better than it');
    const alerts = await query('SELECT 1 FROM alerts WHERE subject = $1', modelId);
    expect(alerts).toHaveLength(1);
    const [kept] = await query<{ verdict: { comparisons: object[] } }>(
      `SELECT metrics->'live_champion'->'verdict' AS verdict FROM models WHERE model_id = $1`,
      modelId,
    );
    // Two days less the hour and the lateness that the last outcomes take.
    const rows = 2 * 1440 - 60;
    expect(kept?.verdict.comparisons[0]).toMatchObject({ reference: 'champion', rows });
    const records = await query<{ subject: string }>(
      `SELECT subject FROM control_outbox WHERE control_id = $1`,
      `model:champion:${before.modelId}:review:${FROM + 2 * US_PER_DAY}`,
    );
    expect(records).toHaveLength(1);
    // The same review once more finds nothing to do.
    await query(`DELETE FROM job_runs WHERE subject = 'reviewed:FALL/USD'`);
    expect(await reviewed('FALL/USD', FROM + 2 * US_PER_DAY)).toEqual(late);
  });

  test('gives a shadow the place of the baseline on the rows that both spoke on', async () => {
    const shadow = await inForce('RISE/USD', 1, 'shadow');
    const next = await inForce('RISE/USD', 2, 'shadow');
    await history('RISE/USD', [
      { modelId: 'baseline@1', slot: 'champion', knows: 0 },
      { ...shadow, knows: 1 },
    ]);
    const waiting = await reviewed('RISE/USD', FROM + US_PER_DAY);
    expect(waiting.map(({ state }) => state)).toEqual(['shadow', 'candidate']);
    expect(await because('RISE/USD')).toEqual([
      null,
      'it passed the gate and waits for the one place of a shadow, which ' +
        `${shadow.modelId} holds until it wins, has lost or has had its time: it is next`,
    ]);
    const done = await reviewed('RISE/USD', FROM + 2 * US_PER_DAY);
    expect(done).toEqual([
      { model_id: shadow.modelId, state: 'champion' },
      { model_id: next.modelId, state: 'shadow' },
    ]);
    expect(await because('RISE/USD'), 'who waits no more says nothing').toEqual([null, null]);
  });

  test('ends a shadow that has lost long before its time, and the next one comes', async () => {
    const shadow = await inForce('LOSE/USD', 1, 'shadow');
    const next = await inForce('LOSE/USD', 2, 'shadow');
    await history('LOSE/USD', [
      { modelId: 'baseline@1', slot: 'champion', knows: 0 },
      { ...shadow, knows: -1 },
    ]);
    expect(await reviewed('LOSE/USD', FROM + 2 * US_PER_DAY)).toEqual([
      { model_id: shadow.modelId, state: 'rejected' },
      { model_id: next.modelId, state: 'shadow' },
    ]);
    const [kept] = await query<{ lost: object; won: object; reason: string }>(
      `SELECT m.metrics->'live_shadow_lost'->'verdict' AS lost,
         m.metrics->'live_shadow'->'verdict' AS won, c.reason
       FROM models m JOIN model_changes c ON c.model_id = m.model_id
       WHERE m.model_id = $1 AND c.action = 'model.reject'`,
      shadow.modelId,
    );
    expect(kept).toMatchObject({
      ...{ lost: { passed: true }, won: { passed: false } },
      reason: expect.stringMatching(/^it has lost: whoever decided was better/),
    });
  });
});
