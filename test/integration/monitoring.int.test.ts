/**
 * Monitoring on real tables: outcomes counted as a brute-force count over the rows that were
 * written counts them; a planted drift fires once, with its training; no drift, no firing; a
 * champion that has lost what it passed by is trained again.
 */
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { formatUs, parseUs, US_PER_DAY, US_PER_HOUR, US_PER_MIN } from '../../src/domain/time.ts';
import { FEATURE_NAMES, FEATURE_SET } from '../../src/features/definition.ts';
import { fireCalendar } from '../../pipelines/review/retrain.ts';
import { runReview } from '../../pipelines/review/job.ts';
import { decodeArtefact, encodeArtefact } from '../../src/learning/artefact.ts';
import { featureBins } from '../../src/learning/feature-bins.ts';
import { gaussian, seededRandom } from '../../src/random.ts';
import { changeModel, registerTrained } from '../../src/postgres/tables/registry.ts';
import { noteStored } from '../../src/postgres/tables/stored-watermarks.ts';
import { featuresTable, type FeatureRow } from '../../src/questdb/tables/features.ts';
import { labels, type LabelRow } from '../../src/questdb/tables/labels.ts';
import { predictions, type PredictionRow } from '../../src/questdb/tables/predictions.ts';
import { arbitraryModel } from '../faults/model.ts';
import { startServer } from '../http/server-under-test.ts';
import { tickloom } from '../support/command.ts';
import { Installation } from '../support/installation.ts';

const LABEL_SPEC = 'direction_1h@1';
const FROM = parseUs('2033-05-01T00:00:00Z');
const DAYS = 3;
const MINUTES = DAYS * 1440;
const venue = 'monitored';
const BASELINE = 'baseline@1';

type Metrics = Record<string, unknown> & { readonly group: string; readonly rows: number };

interface Written {
  readonly predicted: readonly PredictionRow[];
  readonly came: readonly LabelRow[];
}

describe('monitoring', () => {
  let installation: Installation;
  const original = arbitraryModel();

  beforeAll(async () => {
    installation = new Installation();
    for (const name of ['stream', 'sink', 'money'] as const) await installation.start(name);
  });
  afterAll(() => installation.close());

  const query = async <R extends object>(sql: string, ...params: unknown[]): Promise<R[]> =>
    (await installation.context.postgres.query<R>(sql, params)).rows;

  /** Feature values of a minute: drawn, the same for all, moved by `shift` standard deviations. */
  function drawn(seed: number, shift: number): (number | null)[][] {
    const random = seededRandom(seed);
    return Array.from({ length: MINUTES }, () =>
      FEATURE_NAMES.map((_, column) => (column === 3 ? null : gaussian(random) + shift)),
    );
  }

  /** A champion since `FROM` whose training saw rows as `drawn` gives them, or whose file is old. */
  async function champion(symbol: string, has: 'bins' | 'no bins', gain = 0.001): Promise<string> {
    const artefact = decodeArtefact(original.bytes);
    const rows = drawn(1, 0).map((values) => ({ values }));
    const indices = Uint32Array.from(rows, (_, i) => i);
    const feature_bins = has === 'bins' ? featureBins(rows, indices, FEATURE_NAMES) : [];
    const manifest = { ...artefact.manifest, feature_bins };
    const bytes = encodeArtefact({ ...artefact, manifest });
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    const modelId = `monitored-${symbol}`;
    const comparison = {
      ...{ reference: 'base_rate', loss: 'log_loss', rows: 2000, gain, standard_error: 0.002 },
      ...{ mean_loss: 0.68, mean_reference_loss: 0.68 + gain, t: null, gain_low: null },
      ...{ p_value: 0, level: 0.025, blocks: 30, block_horizons: 2, resamples: 1, seed: 1 },
    };
    const { postgres } = installation.context;
    await registerTrained(postgres, {
      ...{ venue, symbol, labelSpec: LABEL_SPEC, modelId, sha256, bytes, manifest },
      verdict: { passed: true, reasons: [], comparisons: [comparison] },
      ...{ codeVersion: '0', trainedTs: FROM },
      ...{ origin: 'training', actor: 'test', why: 'a test needs one' },
      dataset: { dataset_id: `ds-${symbol}`, sha256: symbol, rows: 1, as_of: formatUs(FROM) },
    });
    const request = { action: 'promote', modelId, force: false } as const;
    await changeModel(postgres, request, null, { actor: 'test', why: 'a test', atTs: FROM });
    await query(
      `UPDATE model_activations SET from_ts = $2 WHERE model_id = $1 AND slot = 'champion'`,
      ...[modelId, formatUs(FROM)],
    );
    return modelId;
  }

  /** Three days of decisions, features and outcomes; every model says what `knows` lets it. */
  async function history(
    symbol: string,
    models: readonly { modelId: string; slot: string; knows: number }[],
    shift: number,
  ): Promise<Written> {
    const random = seededRandom(11);
    const [predicted, came, served]: [PredictionRow[], LabelRow[], FeatureRow[]] = [[], [], []];
    const values = drawn(2, shift);
    for (let i = 0; i < MINUTES; i++) {
      const ts = FROM + i * US_PER_MIN;
      const decided_ts = ts + 2_000_000;
      const up = Math.sin(i / 200) + 0.7 * gaussian(random) > 0 ? 1 : 0;
      const of = { ts, decided_ts, venue, symbol };
      const about = { ...of, label_spec: LABEL_SPEC };
      for (const { modelId, slot, knows } of models) {
        const probability_up = 0.5 + 0.3 * knows * Math.sin(i / 200) * random();
        predicted.push({
          ...{ ...about, known_at: decided_ts, slot, model_id: modelId, feature_id: `f${ts}` },
          ...{ prediction_id: `${modelId}:${ts}`, horizon_s: 3600, expected_return: 0, close: 1 },
          ...{ probability_up, verdict: i % 10 === 9 ? 'outlier' : 'ok' },
        });
      }
      const isVoid = i % 50 === 49;
      const label: LabelRow = {
        ...{ ...about, label_known_at: decided_ts + US_PER_HOUR, revision: 0, flags: '' },
        ...{ entry_ts: ts + 1, entry_price: 1, exit_ts: ts + US_PER_HOUR, exit_price: 1 },
        ...{ forward_return: isVoid ? null : up ? 0.01 : -0.01, up: isVoid ? null : up },
        ...{ state: isVoid ? 'void' : 'matured', void_reason: isVoid ? 'gap' : null },
      };
      // The last hour has not matured; every 40th was revised since, to the other side.
      if (i < MINUTES - 60) came.push(label);
      if (i < MINUTES - 60 && i % 40 === 0) {
        came.push({ ...label, revision: 1, up: up === 1 ? 0 : 1, forward_return: 0.02 });
      }
      served.push({
        ...{ ...of, known_at: decided_ts, feature_set: FEATURE_SET, revision: 0 },
        ...{ feature_id: `f${ts}`, flags: '' },
        ...Object.fromEntries(FEATURE_NAMES.map((name, column) => [name, values[i]![column]!])),
      });
    }
    const writer = installation.context.questdbWriter();
    expect(await writer.write(predictions, predicted)).toEqual([]);
    expect(await writer.write(labels, came)).toEqual([]);
    expect(await writer.write(featuresTable(FEATURE_NAMES), served)).toEqual([]);
    await installation.reader.waitApplied(['predictions', 'labels', 'features']);
    const reachedTs = FROM + DAYS * US_PER_DAY;
    const instrument = `${venue}:${symbol}`;
    await noteStored(installation.context.postgres, [{ instrument, reachedTs }]);
    return { predicted, came };
  }

  /** The newest revision of each label, joined one by one: another way to the same numbers. */
  function bruteForce(
    { predicted, came }: Written,
    modelId: string,
    groupName: (row: PredictionRow) => string,
  ): Map<string, { rows: number; unheeded: number; brier: number; hit_rate: number }> {
    const sums = new Map<string, { of: [number, number][]; unheeded: number }>();
    const newestAt = new Map<number, LabelRow>();
    for (const label of came) {
      const other = newestAt.get(label.ts);
      if (other === undefined || other.revision < label.revision) newestAt.set(label.ts, label);
    }
    for (const row of predicted) {
      const newest = newestAt.get(row.ts);
      if (row.model_id !== modelId || newest?.state !== 'matured') continue;
      const group = sums.get(groupName(row)) ?? { of: [], unheeded: 0 };
      sums.set(groupName(row), group);
      if (row.verdict === 'ok') group.of.push([row.probability_up, newest.up!]);
      else group.unheeded += 1;
    }
    // One half is no call.
    const right = (calls: readonly [number, number][]): number =>
      calls.filter(([p, up]) => p > 0.5 === (up === 1)).length / calls.length;
    return new Map(
      [...sums].map(([name, { of, unheeded }]) => {
        const share = (test_: (p: number, up: number) => number) =>
          of.reduce((sum, [p, up]) => sum + test_(p, up), 0) / of.length;
        return [
          name,
          {
            ...{ rows: of.length, unheeded, brier: share((p, up) => (p - up) * (p - up)) },
            hit_rate: right(of.filter(([p]) => p !== 0.5)),
          },
        ];
      }),
    );
  }

  async function reviewed(symbol: string, atTs: number): Promise<void> {
    const subject = `${venue}:${symbol}`;
    await query(
      `INSERT INTO job_runs (job, subject, due_ts) VALUES ('review', $1, $2)
       ON CONFLICT (job, subject, due_ts) DO UPDATE SET state = 'due'`,
      ...[subject, formatUs(atTs)],
    );
    await runReview(installation.context, { subject, dueTs: atTs });
  }

  const fired = (symbol: string) =>
    query<{ kind: string; fired_ts: number; model_id: string | null; detail: { reason: string } }>(
      `SELECT kind, fired_ts, model_id, detail FROM retrain_triggers
       WHERE venue = $1 AND symbol = $2 ORDER BY fired_ts, kind`,
      ...[venue, symbol],
    );
  const trainings = async (symbol: string): Promise<number[]> =>
    (
      await query<{ due_ts: number }>(
        `SELECT due_ts FROM job_runs WHERE job = 'training' AND subject = $1 ORDER BY due_ts`,
        `${venue}:${symbol}`,
      )
    ).map(({ due_ts }) => due_ts);

  test('outcomes are those of a brute-force count, by HTTP and on the command line', async () => {
    const modelId = 'monitored-COUNT';
    const written = await history(
      'COUNT/USD',
      [
        { modelId: BASELINE, slot: 'champion', knows: 0.3 },
        { modelId, slot: modelId, knows: 1 },
      ],
      0,
    );
    const day = ({ ts }: PredictionRow): string => formatUs(ts).slice(0, 10);
    const server = await startServer();
    const ask = async (path: string): Promise<{ status: number; items: Metrics[] }> => {
      const answer = await fetch(`${server.url}/v1/models/${path}`);
      const { items = [] } = (await answer.json()) as { items?: Metrics[] };
      return { status: answer.status, items };
    };
    const of = `venue=${venue}&symbol=${encodeURIComponent('COUNT/USD')}`;
    try {
      for (const [id, by, groupName] of [
        [modelId, 'day', day],
        [modelId, 'model', () => 'all'],
        [modelId, 'symbol', () => `${venue}:COUNT/USD`],
        [BASELINE, 'day', day],
      ] as const) {
        const { items } = await ask(`${id}/outcomes?by=${by}&${of}`);
        const expected = bruteForce(written, id, groupName);
        expect(items.map(({ group }) => group)).toEqual([...expected.keys()].toSorted());
        for (const item of items) {
          const { rows, unheeded, brier, hit_rate } = expected.get(item.group)!;
          expect(item).toMatchObject({ model_id: id, rows, unheeded });
          expect(item['brier']).toBeCloseTo(brier, 10);
          expect(item['hit_rate']).toBeCloseTo(hit_rate, 10);
          expect(rows).toBeGreaterThan(1000);
        }
      }
      const { items } = await ask(`outcomes?by=bucket&${of}`);
      const everything = (id: string): number =>
        items.filter(({ model_id }) => model_id === id).reduce((sum, { rows }) => sum + rows, 0);
      const whole = bruteForce(written, modelId, () => 'all').get('all')!;
      expect([everything(modelId), everything(BASELINE)]).toEqual([whole.rows, whole.rows]);
      const regimes = (await ask(`${modelId}/outcomes?by=regime&${of}`)).items;
      expect(regimes.length).toBeGreaterThan(1);
      expect(regimes.reduce((sum, { rows }) => sum + rows, 0)).toBe(whole.rows);
      expect((await ask('nobody/outcomes')).status).toBe(404);
      expect((await ask(`${modelId}/outcomes?by=moon`)).status).toBe(400);
      const ran = await tickloom('models', 'outcomes', modelId, '--json');
      const shown = JSON.parse(ran.out) as { metrics: Metrics[] };
      expect(shown.metrics).toMatchObject([{ rows: whole.rows, unheeded: whole.unheeded }]);
      expect((await tickloom('models', 'outcomes', modelId, '--by', 'day')).out).toMatch(
        /^model +group +rows .*\nmonitored-COUNT +2033-05-01 +\d+ /,
      );
      const data = await tickloom('dataset', 'statistics', '--symbol', `${venue}:COUNT/USD`);
      expect(data.out).toMatch(
        /^instrument +label +samples .*\nmonitored\S* +direction_1h@1 +\d+ /,
      );
    } finally {
      await server.close();
    }
  });

  test('a planted drift fires once, with its training, and not again while it cools', async () => {
    const modelId = await champion('DRIFT/USD', 'bins');
    await history('DRIFT/USD', [{ modelId, slot: 'champion', knows: 1 }], 1);
    const atTs = FROM + 2 * US_PER_DAY;
    await reviewed('DRIFT/USD', atTs);
    const [trigger, ...more] = await fired('DRIFT/USD');
    expect(more).toEqual([]);
    expect(trigger).toMatchObject({ kind: 'drift', fired_ts: atTs, model_id: modelId });
    expect(trigger?.detail).toMatchObject({
      ...{ rows: 2 * 1440, share_drifted: (FEATURE_NAMES.length - 1) / FEATURE_NAMES.length },
      reason: expect.stringContaining('% of the features that monitored-DRIFT/USD was trained on'),
    });
    expect(await trainings('DRIFT/USD')).toEqual([atTs]);
    await reviewed('DRIFT/USD', atTs);
    await reviewed('DRIFT/USD', atTs + US_PER_DAY);
    expect(await fired('DRIFT/USD'), 'the same again, and a day later').toEqual([trigger]);
    expect(await trainings('DRIFT/USD')).toEqual([atTs]);
    const listed = await tickloom('models', 'list');
    expect(listed.out).toMatch(/^trained +days old +expires +state +model +waits because\n/);
    expect(listed.out).toMatch(/^2033-05-01 +\d\.\d +\S+ +champion +monitored-DRIFT\/USD *$/m);
    const ran = await tickloom('models', 'triggers');
    expect(ran.out).toContain(`2033-05-03T00:00:00Z  drift     ${venue}:DRIFT/USD`);
    const shown = await tickloom('models', 'drift', modelId, '--hours', '24');
    expect(shown.out).toMatch(/^1440 served rows\nfeature +psi /);
  });

  test('without drift nothing fires, and each feature says how far it moved', async () => {
    const modelId = await champion('CALM/USD', 'bins');
    await history('CALM/USD', [{ modelId, slot: 'champion', knows: 1 }], 0);
    await reviewed('CALM/USD', FROM + 2 * US_PER_DAY);
    expect(await fired('CALM/USD')).toEqual([]);
    expect(await trainings('CALM/USD')).toEqual([]);
    const server = await startServer();
    try {
      const path = `${server.url}/v1/models/${encodeURIComponent(modelId)}/drift`;
      const found = (await (await fetch(path)).json()) as {
        rows: number;
        items: { psi: number; verdict: string; name: string }[];
      };
      expect(found).toMatchObject({ rows: MINUTES, reason: null, model_id: modelId });
      expect(found.items.map(({ name }) => name)).toEqual(FEATURE_NAMES);
      expect(found.items.filter(({ verdict }) => verdict !== 'stable')).toEqual([]);
      const listed = await fetch(`${server.url}/v1/models/triggers?venue=${venue}`);
      expect(((await listed.json()) as { items: object[] }).items).toMatchObject([
        { kind: 'drift', symbol: 'DRIFT/USD', fired_ts: '2033-05-03T00:00:00.000000Z' },
      ]);
    } finally {
      await server.close();
    }
  });

  test('a model without bins says so and never drifts', async () => {
    const modelId = await champion('OLD/USD', 'no bins');
    await history('OLD/USD', [{ modelId, slot: 'champion', knows: 1 }], 5);
    await reviewed('OLD/USD', FROM + 2 * US_PER_DAY);
    expect(await fired('OLD/USD')).toEqual([]);
    expect((await tickloom('models', 'drift', modelId)).out).toContain('has no bins');
  });

  test('a champion that lost what it passed by is trained again, as is one with new data', async () => {
    const modelId = await champion('FALL/USD', 'bins', 0.1);
    await history('FALL/USD', [{ modelId, slot: 'champion', knows: 0 }], 0);
    const due = FROM + US_PER_HOUR;
    await query(
      `INSERT INTO job_runs (job, subject, due_ts, state, detail)
       VALUES ('training', $1, $2, 'done', '{"rows": 500}')`,
      ...[`${venue}:FALL/USD`, formatUs(due)],
    );
    const atTs = FROM + 2 * US_PER_DAY;
    await reviewed('FALL/USD', atTs);
    const [decay, newData, ...more] = await fired('FALL/USD');
    expect(more).toEqual([]);
    expect(decay).toMatchObject({ kind: 'decay', model_id: modelId, fired_ts: atTs });
    expect(decay?.detail.reason).toContain('gained 0.1 over the base rate at the gate');
    // All since the first decision but the void ones: two days less an hour, 2 % of it void.
    expect(newData).toMatchObject({ kind: 'new_data', detail: { trained_rows: 500 } });
    expect(newData?.detail).toMatchObject({ new_rows: 2 * 1440 - 60 - 56 });
    expect(await trainings('FALL/USD'), 'one training for both').toEqual([due, atTs]);
  });

  test('what falls due by the calendar is kept with it, once', async () => {
    const subject = `${venue}:DUE/USD`;
    const atTs = FROM + 3 * US_PER_DAY;
    await fireCalendar(installation.context, subject, atTs);
    await fireCalendar(installation.context, subject, atTs);
    expect(await fired('DUE/USD')).toMatchObject([{ kind: 'calendar', fired_ts: atTs }]);
    expect(await trainings('DUE/USD')).toEqual([atTs]);
  });
});
