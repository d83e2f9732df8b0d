/**
 * The review of models on real tables: a champion whose outcomes show that its class prior is
 * better is taken back, a shadow that knows more takes the place of whoever decides, and the
 * evidence is kept session by session. Outcomes that were not known then have no say.
 */
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { formatUs, parseUs, US_PER_DAY, US_PER_HOUR, US_PER_MIN } from '../../src/domain/time.ts';
import { must } from '../../src/assert.ts';
import { runReview } from '../../pipelines/review/job.ts';
import { checkVerdict, modelVerdict } from '../../pipelines/review/verdict.ts';
import { decodeArtefact, encodeArtefact, type ModelManifest } from '../../src/learning/artefact.ts';
import { gaussian, seededRandom } from '../../src/random.ts';
import { newestReview } from '../../src/postgres/tables/reviews.ts';
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
      ...{
        trainedTs: FROM - 10 + seed,
        origin: 'training',
        actor: 'test',
        why: 'a test needs one',
      },
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

  /** `latenessUs`: the setting, where it was changed. */
  async function reviewed(symbol: string, atTs: number, latenessUs?: number): Promise<Row[]> {
    const subject = `${venue}:${symbol}`;
    const due = formatUs(atTs);
    await query(
      `INSERT INTO job_runs (job, subject, due_ts) VALUES ('review', $1, $2)`,
      ...[subject, due],
    );
    const { context } = installation;
    const config = latenessUs === undefined ? context.config : { ...context.config, latenessUs };
    await runReview({ ...context, config }, { subject, dueTs: atTs });
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

  /** The evidence that is kept of a model, by session. */
  const evidence = (modelId: string) =>
    query<{ day: string; reference: string; side: string; bets: number; logs: number[] }>(
      `SELECT to_char(session_ts AT TIME ZONE 'UTC', 'DD') AS day, reference, side, bets, logs
       FROM verdict_values WHERE model_id = $1 ORDER BY session_ts, reference`,
      modelId,
    );
  const loans = (symbol: string) =>
    query<{
      event: string;
      model_id: string;
      loan: number;
      log_evidence: number;
      promotions: number;
      pot: number;
    }>(
      `SELECT event, l.model_id, loan, log_evidence, promotions, pot FROM promotion_loans l
       JOIN models USING (model_id) WHERE venue = $1 AND symbol = $2 ORDER BY entry_id`,
      ...[venue, symbol],
    );
  /** Sessions of 1440 minutes, less those that a label and the lateness take. */
  const BETS = 1440 - 62;

  test('takes a champion back that is worse than its class prior, when that is known', async () => {
    const before = await inForce('FALL/USD', 1, 'champion');
    const { modelId } = await inForce('FALL/USD', 2, 'champion');
    await history('FALL/USD', [
      { modelId, slot: 'champion', knows: -1 },
      { modelId: before.modelId, slot: before.modelId, knows: 0 },
    ]);
    const soon = await reviewed('FALL/USD', FROM + US_PER_DAY - 1);
    expect(
      soon.map(({ state }) => state),
      'no session has ended',
    ).toEqual(['shadow', 'champion']);
    expect(await evidence(modelId)).toEqual([]);
    const late = await reviewed('FALL/USD', FROM + 2 * US_PER_DAY);
    expect(late).toEqual([
      { model_id: before.modelId, state: 'shadow' },
      { model_id: modelId, state: 'retired' },
    ]);
    const [change] = await query<{ reason: string }>(
      `SELECT actor, action, reason, event_ts, before->>'champion' AS before,
         after->>'champion' AS after FROM model_changes WHERE symbol = 'FALL/USD' LIMIT 1`,
    );
    expect(change).toMatchObject({
      ...{ actor: 'review', action: 'model.demote', before: modelId, after: null },
      event_ts: '2033-03-03T00:00:00.000000Z',
    });
    expect(change?.reason).toContain('the class prior predicts better than it');
    const alerts = await query('SELECT 1 FROM alerts WHERE subject = $1', modelId);
    expect(alerts).toHaveLength(1);
    const watched = { reference: 'base_rate', side: 'reference', bets: BETS };
    expect(await evidence(modelId)).toMatchObject([
      { day: '01', ...watched },
      { day: '02', ...watched },
    ]);
    const records = await query<{ subject: string }>(
      `SELECT subject FROM control_outbox WHERE control_id = $1`,
      `model:retired:${modelId}:review:${FROM + 2 * US_PER_DAY}`,
    );
    expect(records).toHaveLength(1);
    // The same review once more finds nothing to do, and computes no session again.
    await query(`DELETE FROM job_runs WHERE subject = 'reviewed:FALL/USD'`);
    expect(await reviewed('FALL/USD', FROM + 2 * US_PER_DAY)).toEqual(late);
    expect(await evidence(modelId)).toHaveLength(2);
  });

  test('gives a shadow the place of the baseline on the rows that both predicted', async () => {
    const shadow = await inForce('RISE/USD', 1, 'shadow');
    const others = [];
    for (const seed of [2, 3, 4]) others.push(await inForce('RISE/USD', seed, 'shadow'));
    await history('RISE/USD', [
      { modelId: 'baseline@1', slot: 'champion', knows: 0 },
      { ...shadow, knows: 1 },
      ...others.slice(0, 2).map((other) => ({ ...other, knows: 0.01 })),
    ]);
    const states = (rows: readonly Row[]): string[] => rows.map(({ state }) => state);
    const waiting = await reviewed('RISE/USD', FROM + US_PER_DAY - 1);
    expect(states(waiting)).toEqual(['shadow', 'shadow', 'shadow', 'candidate']);
    expect((await because('RISE/USD')).at(-1)).toBe(
      'it passed the gate and waits for one of the 3 places of shadows, which ' +
        `${others[1]?.modelId}, ${others[0]?.modelId}, ${shadow.modelId} hold until one wins, ` +
        'has lost or has had its time: it is next',
    );
    const done = await reviewed('RISE/USD', FROM + 3 * US_PER_DAY);
    expect(states(done)).toEqual(['champion', 'shadow', 'shadow', 'shadow']);
    expect(await because('RISE/USD'), 'who waits no more says nothing').toEqual([
      ...[null, null, null, null],
    ]);
    const kept = await evidence(shadow.modelId);
    expect(kept.map(({ day, reference, bets }) => [day, reference, bets])).toEqual(
      ['01', '02', '03'].flatMap((day) => [
        [day, 'base_rate', BETS],
        [day, 'champion', BETS],
      ]),
    );
    const ledger = await loans('RISE/USD');
    expect(ledger.map(({ event, model_id: id }) => [event, id])).toEqual([
      ...[shadow, ...others.slice(0, 2)].map(({ modelId }) => ['admit', modelId]),
      ['promote', shadow.modelId],
      ['admit', others[2]?.modelId],
    ]);
    const [admitted, , , paid] = ledger;
    expect(paid?.loan).toBe(admitted?.loan);
    const worth = (paid?.loan ?? 0) * Math.exp(paid?.log_evidence ?? 0) * (paid?.promotions ?? 0);
    expect(worth).toBeGreaterThanOrEqual(1);
    const [judged] = await query<{ evidence: object }>(
      `SELECT metrics->'live_shadow'->'evidence' AS evidence FROM models WHERE model_id = $1`,
      shadow.modelId,
    );
    expect(judged?.evidence).toMatchObject({
      ...{ sessions: 3, bets: 3 * BETS, loan: paid?.loan, log_evidence: paid?.log_evidence },
    });
  });

  test('keeps what the stored rows come to, and a value that was changed is found', async () => {
    const { context } = installation;
    const [found] = await query<{ model_id: string; control_id: string }>(
      `SELECT model_id, control_id FROM promotion_loans WHERE event = 'promote' AND model_id LIKE $1`,
      'review-RISE%',
    );
    const modelId = must(found, 'one was promoted').model_id;
    const checked = async (): Promise<string[]> =>
      checkVerdict(context, await modelVerdict(context, modelId));
    expect(await checked()).toEqual([]);
    const [verdict] = await modelVerdict(context, modelId);
    expect(verdict?.sessions).toHaveLength(6);
    const last = verdict?.sessions.at(-1)?.log_evidence ?? 0;
    const [paid] = await query<{ log_evidence: number }>(
      `SELECT log_evidence FROM promotion_loans WHERE model_id = $1 AND event = 'promote'`,
      modelId,
    );
    expect(paid?.log_evidence).toBeCloseTo(last, 12);
    // Of both that are kept the newer one, whatever the model is now.
    const shadowed = await newestReview(context.postgres, modelId);
    expect(shadowed).toMatch(/^it predicts better than whoever decided/);
    await query(
      `UPDATE models SET metrics = metrics || jsonb_build_object('live_champion',
         jsonb_build_object('why', 'it stays', 'at_ts', $2::bigint)) WHERE model_id = $1`,
      ...[modelId, FROM],
    );
    expect(await newestReview(context.postgres, modelId)).toBe(shadowed);
    expect(await newestReview(context.postgres, 'nobody')).toBeUndefined();
    const change = (what: string) =>
      query(
        `UPDATE verdict_values SET ${what} WHERE model_id = $1 AND reference = 'champion'
           AND session_ts = '2033-03-02'`,
        modelId,
      );
    await change('logs[3] = logs[3] + 1e-6');
    expect(await checked()).toEqual([
      expect.stringMatching(/^2033-03-02 against champion: component 3 has grown by/),
    ]);
    await change('logs[3] = logs[3] - 1e-6, bets = bets - 1');
    expect(await checked()).toEqual([
      `2033-03-02 against champion: ${BETS - 1} bets are kept, the rows have ${BETS}`,
    ]);
    await query(
      `DELETE FROM verdict_values WHERE model_id = $1 AND session_ts = '2033-03-02'
         AND reference = 'champion'`,
      modelId,
    );
    expect(await checked()).toEqual(['2033-03-02 against champion: it is not kept, and has bets']);
  });

  test('ends a shadow that has lost long before its time, and it gives back what is left', async () => {
    const shadow = await inForce('LOSE/USD', 1, 'shadow');
    await history('LOSE/USD', [
      { modelId: 'baseline@1', slot: 'champion', knows: 0 },
      { ...shadow, knows: -1 },
    ]);
    expect(await reviewed('LOSE/USD', FROM + 2 * US_PER_DAY)).toMatchObject([{ state: 'shadow' }]);
    // Sessions of before the setting was changed stay as they are, and can be computed again.
    expect(await reviewed('LOSE/USD', FROM + 3 * US_PER_DAY, 2 * US_PER_MIN)).toEqual([
      { model_id: shadow.modelId, state: 'rejected' },
    ]);
    const [change] = await query<{ reason: string }>(
      `SELECT reason FROM model_changes WHERE model_id = $1 AND action = 'model.reject'`,
      shadow.modelId,
    );
    expect(change?.reason).toMatch(/^it has lost: 3 sessions in succession speak against it/);
    const kept = (await evidence(shadow.modelId)).filter((each) => each.reference === 'champion');
    expect(kept.map(({ bets }) => bets)).toEqual([BETS, BETS, 1440 - 63]);
    const verdicts = await modelVerdict(installation.context, shadow.modelId);
    expect(await checkVerdict(installation.context, verdicts)).toEqual([]);
    const [lent, back] = await loans('LOSE/USD');
    expect([lent?.event, back?.event]).toEqual(['admit', 'withdraw']);
    const given = (lent?.loan ?? 0) * Math.exp(back?.log_evidence ?? 0);
    expect(back?.pot).toBeCloseTo((lent?.pot ?? 0) + given, 12);
  });
});
