/**
 * The registry on real servers, by hand: who was live when, whoever asks; what is refused; what is
 * kept of every change. Models are put in and taken out while the market goes on.
 */
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { formatUs, parseUs, US_PER_HOUR } from '../../src/domain/time.ts';
import { decodeArtefact, encodeArtefact, type ModelManifest } from '../../src/learning/artefact.ts';
import { FEATURE_NAMES, FEATURE_SET } from '../../src/features/definition.ts';
import { loadModel } from '../../src/learning/serving-model.ts';
import { mergedTrades } from '../../src/market/merged.ts';
import { PostgresModels } from '../../src/postgres/tables/model-source.ts';
import { changeModel, registerTrained } from '../../src/postgres/tables/registry.ts';
import { arbitraryModel } from '../faults/model.ts';
import { startServer } from '../http/server-under-test.ts';
import { tickloom } from '../support/command.ts';
import { Installation } from '../support/installation.ts';

const [venue, symbol, labelSpec] = ['registry', 'R/USD', 'direction_1h@1'];
const MARKET = { venue, symbol, labelSpec };
const START = parseUs('2026-03-02T00:00:00Z');
const DATASET = 'ds-registry';
const SLOW = 300_000;

interface Predicted {
  readonly ts: number;
  readonly decided_ts: number;
  readonly slot: string;
  readonly model_id: string;
}

describe('the registry', () => {
  const dir = mkdtempSync(join(tmpdir(), 'tickloom-registry-'));
  let installation: Installation;
  let hour = 0;
  const original = arbitraryModel();

  beforeAll(async () => {
    installation = new Installation({
      TICKLOOM_RETRAIN_EVERY: '366d',
      TICKLOOM_SESSION_TIMEOUT_MS: '6000',
    });
    for (const name of ['stream', 'sink', 'money', 'jobs'] as const) await installation.start(name);
  }, SLOW);
  afterAll(async () => {
    await installation.close();
    rmSync(dir, { recursive: true, force: true });
  });

  const rows = async <Row extends object>(sql: string, ...params: unknown[]): Promise<Row[]> =>
    (await installation.context.postgres.query<Row>(sql, params)).rows;

  /** The market goes on for some hours. */
  async function passes(hours: number): Promise<void> {
    const fromUs = START + hour * US_PER_HOUR;
    hour += hours;
    const toUs = START + hour * US_PER_HOUR;
    const market = { seed: 7, venue, symbols: [symbol], rate: 0.1, edge: 'none' } as const;
    await installation.feed(mergedTrades({ ...market, fromUs: START, skipToUs: fromUs, toUs }));
  }

  /** A model of its own identity that says what the others say. */
  async function registered(seed: number, passed: boolean): Promise<string> {
    const artefact = decodeArtefact(original.bytes);
    const manifest: ModelManifest = { ...artefact.manifest, seed };
    const bytes = encodeArtefact({ ...artefact, manifest });
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    const modelId = `m${seed}-${sha256.slice(0, 8)}`;
    const failed = { rule: 'minimum_rows', passed, detail: '3 of 500', value: 3, threshold: 500 };
    await registerTrained(installation.context.postgres, {
      ...{ ...MARKET, modelId, sha256, bytes, manifest, codeVersion: '0+test', actor: 'test' },
      ...{ verdict: { passed, reasons: [failed] }, trainedTs: START + seed },
      ...{ origin: 'training', why: 'a test needs one' },
      dataset: { dataset_id: DATASET, sha256: 'registry', rows: 1, as_of: formatUs(START) },
    });
    // Its control record lies in the log before what is fed next.
    await installation.drain();
    return modelId;
  }

  const liveAt = async (ts: number): Promise<string | undefined> =>
    (
      await rows<{ id: string }>(
        'SELECT model_live_at($1, $2, $3, $4) AS id',
        ...[venue, symbol, labelSpec, formatUs(ts)],
      )
    )[0]?.id;

  test(
    'MLflow #2169: who was live at T, through promotions, a rollback, a retirement, the baseline',
    async () => {
      await passes(2);
      const first = await registered(1, true);
      expect(await readState(first), 'the gate makes it a shadow').toBe('shadow');
      await passes(2);
      const command = ['models', 'promote', first, '--why', 'it is time'];
      const unconfirmed = await tickloom(...command);
      expect(unconfirmed).toMatchObject({ code: 2, out: '' });
      expect(unconfirmed.err).toMatch(/decides in place of the baseline\n.*shadow -> champion/);
      expect(unconfirmed.err).toContain('nothing was changed: there is no terminal to ask at');
      expect(await readState(first)).toBe('shadow');
      const promoted = await tickloom(...command, '--yes');
      expect(promoted.err + promoted.out).toContain(`${first} is champion`);
      expect(promoted.out).toContain('from 2026-03-02T0');
      await passes(2);
      const second = await registered(2, false);
      const refused = await tickloom('models', 'promote', second, '--yes', '--why', 'I want it');
      expect(refused).toMatchObject({ code: 1 });
      expect(refused.err).toContain('has not passed the gate (3 of 500)');
      const mute = await tickloom('models', 'promote', second, '--yes');
      expect(mute).toMatchObject({ code: 2, err: expect.stringContaining("'--why <text>'") });
      const forced = ['models', 'promote', second, '--force', '--yes', '--why', 'I know better'];
      expect((await tickloom(...forced)).code).toBe(0);
      await passes(2);
      // Other markets of the installation may have a champion too.
      const here = ['--symbol', `${venue}:${symbol}`];
      const back = await tickloom(
        'models',
        'rollback',
        ...here,
        '--yes',
        '--why',
        'I did not',
        '--json',
      );
      expect(JSON.parse(back.out)).toMatchObject({ champion: first, modelId: second });
      await passes(2);
      expect((await tickloom('models', 'retire', first, '--yes', '--why', 'enough')).code).toBe(0);
      await passes(2);

      expect(await championsInOrder()).toEqual([
        ...['baseline@1', first, second, first, 'baseline@1'],
      ]);
      expect(await wrongAnswers(), 'model_live_at against every prediction').toEqual([]);
      const signals = await rows<{ n: number; wrong: number }>(
        `SELECT count(*) AS n, count(*) FILTER (
           WHERE model_id <> model_live_at(venue, symbol, $3, decided_ts)) AS wrong
         FROM signals WHERE venue = $1 AND symbol = $2`,
        ...[venue, symbol, labelSpec],
      );
      expect(signals[0]?.n).toBeGreaterThan(3);
      expect(signals[0]?.wrong).toBe(0);
      expect(await liveAt(START)).toBe('baseline@1');
    },
    SLOW,
  );

  test('FreqAI #8409: which model is used stands in every prediction and every trade', async () => {
    const spoken = await installation.reader.query<{ model_id: string; slot: string }>(
      `SELECT DISTINCT model_id, slot FROM predictions WHERE venue = $1 AND symbol = $2`,
      [venue, symbol],
    );
    expect(spoken.map(({ model_id, slot }) => `${slot}: ${model_id}`).toSorted()).toEqual(
      [
        ...['baseline@1', ids[0], ids[1]].map((modelId) => `champion: ${modelId}`),
        `${ids[0]}: ${ids[0]}`,
      ].toSorted(),
    );
    const odd = await rows(
      `SELECT t.trade_id FROM trades t JOIN signals s ON s.signal_id = t.signal_id
       WHERE t.venue = $1
         AND t.model_id IS DISTINCT FROM model_live_at(s.venue, s.symbol, $2, s.decided_ts)`,
      ...[venue, labelSpec],
    );
    expect(odd).toEqual([]);
  });

  test('FreqAI #13198: what is served are the very weights that were registered', async () => {
    const artefact = decodeArtefact(original.bytes);
    const bytes = encodeArtefact({ ...artefact, manifest: { ...artefact.manifest, seed: 1 } });
    const stream = { featureSet: FEATURE_SET, featureNames: FEATURE_NAMES };
    const model = loadModel(bytes, stream);
    const served = await installation.reader.query<Record<string, number | null>>(
      `SELECT p.probability_up AS p, p.expected_return AS r, f.*
       FROM (SELECT * FROM predictions WHERE venue = $1 AND model_id = $2 AND slot = $2) p
       JOIN (SELECT * FROM features WHERE venue = $1 AND revision = 0) f ON p.ts = f.ts`,
      [venue, ids[0] ?? ''],
    );
    expect(served.length).toBeGreaterThan(100);
    const differs = served.filter((row) => {
      const { probabilityUp, expectedReturn } = model.predict(
        FEATURE_NAMES.map((name) => row[name] ?? null),
      );
      return !Object.is(probabilityUp, row['p']) || !Object.is(expectedReturn, row['r']);
    });
    expect(differs).toEqual([]);
  });

  test(
    'FreqAI #10801: predictions since whenever are still there behind a kill',
    async () => {
      const fed = passes(3);
      await installation.stop('stream', 'SIGKILL');
      await installation.stop('sink', 'SIGKILL');
      await installation.start('stream');
      await installation.start('sink');
      await fed;
      const features = await installation.reader.query<{ ts: number }>(
        'SELECT ts FROM features WHERE venue = $1 AND revision = 0 ORDER BY ts',
        [venue],
      );
      expect((await readPredicted('champion')).map(({ ts }) => ts)).toEqual(
        features.map(({ ts }) => ts),
      );
    },
    SLOW,
  );

  test('keeps who changed what, when and why, with the state before and after', async () => {
    const kept = await rows<{ actor: string; action: string; forced: boolean | null }>(
      `SELECT actor, action, forced, reason, before, after FROM model_changes
       WHERE venue = $1 ORDER BY audit_id`,
      venue,
    );
    expect(kept.map(({ action }) => action)).toEqual(
      ['register', 'shadow', 'promote', 'register', 'promote', 'rollback', 'retire'].map(
        (action) => `model.${action}`,
      ),
    );
    const byHand = kept.filter(({ actor }) => actor.startsWith('os:'));
    expect(byHand).toHaveLength(4);
    expect(byHand[1]).toMatchObject({
      ...{ forced: true, reason: 'I know better' },
      before: { champion: expect.stringMatching(/^m1/), states: { [ids[1]!]: 'rejected' } },
      after: { champion: ids[1], states: { [ids[0]!]: 'shadow', [ids[1]!]: 'champion' } },
    });
    const logged = await tickloom('models', 'log');
    expect(logged.out).toContain('(forced)');
    expect(logged.out).toContain('I know better');
  });

  test('refuses an artefact whose bytes are not those that were registered', async () => {
    // Not a shadow: its record would be in the log, and the stream would wait for a sound artefact.
    const modelId = await registered(3, false);
    const { postgres } = installation.context;
    await postgres.query(`UPDATE models SET artifact = artifact || '\\x20' WHERE model_id = $1`, [
      modelId,
    ]);
    const by = { actor: 'test', why: 'tampered' };
    const request = { action: 'promote', modelId, force: true } as const;
    await expect(changeModel(postgres, request, null, by)).rejects.toThrow(
      /cannot be served: the stored artefact .* has sha256 [0-9a-f]{64}, but [0-9a-f]{64} was/,
    );
    expect(await readState(modelId), 'nothing of the change is kept').toBe('rejected');
    const [row] = await rows<{ manifest: object; sha256: string }>(
      'SELECT manifest, sha256 FROM models WHERE model_id = $1',
      modelId,
    );
    const stream = new PostgresModels(postgres, new AbortController().signal);
    await expect(stream.load(modelId, row?.sha256 ?? '')).rejects.toThrow('was changed behind');
    expect(row?.manifest).toMatchObject({
      ...{ dataset: { dataset_id: DATASET, sha256: 'registry' }, code_version: '0+test' },
      ...{ library: expect.stringContaining('lightgbm'), features: expect.any(Array) },
      artefact_sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
  });

  test('is silent, not the end of the stream, where a model is of other features', async () => {
    const { postgres } = installation.context;
    const artefact = decodeArtefact(original.bytes);
    const manifest: ModelManifest = { ...artefact.manifest, feature_set: 'default@older' };
    const bytes = encodeArtefact({ ...artefact, manifest });
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    const modelId = await registered(7, false);
    await postgres.query('UPDATE models SET artifact = $2, sha256 = $3 WHERE model_id = $1', [
      ...[modelId, Buffer.from(bytes), sha256],
    ]);
    const stream = new PostgresModels(postgres, new AbortController().signal);
    expect((await stream.load(modelId, sha256)).expiresTs).toBe(-Infinity);
    const [error] = await rows<{ message: string }>(
      `SELECT message FROM errors WHERE code = 'features_differ' AND state = 'open'`,
    );
    expect(error?.message).toMatch(/default@older.*models retire m7-/);
  });

  test('goes back to the baseline where what was before cannot be served any more', async () => {
    const { postgres } = installation.context;
    const by = { actor: 'test', why: 'a rollback has to work' };
    const champions = [await registered(5, false), await registered(6, false)];
    for (const modelId of champions) {
      await changeModel(postgres, { action: 'promote', modelId, force: true }, null, by);
      // The stream is past its record, with the sound artefact.
      await installation.drain();
    }
    await postgres.query(`UPDATE models SET artifact = artifact || '\\x20' WHERE model_id = $1`, [
      champions[0],
    ]);
    const done = await changeModel(postgres, { action: 'rollback' }, MARKET, by);
    expect(done.champion).toBeNull();
  });

  test('takes the same changes over HTTP, with the token that every write needs', async () => {
    const modelId = await registered(4, false);
    const server = await startServer();
    const token = readFileSync(join(server.config.dataDir, 'http-token'), 'utf8').trim();
    const post = async (path: string, body: object, authorization = `Bearer ${token}`) => {
      const headers = { authorization, 'content-type': 'application/json' };
      const url = `${server.url}/v1/models/${path}`;
      const answer = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) });
      return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
    };
    try {
      const why = 'over the wire';
      expect((await post(`${modelId}/promote`, { why }, 'Bearer no')).status).toBe(401);
      expect((await post(`${modelId}/promote`, {})).status).toBe(400);
      expect((await post('nobody/promote', { why })).status).toBe(404);
      expect((await post(`${modelId}/promote`, { why })).status).toBe(409);
      const forced = await post(`${modelId}/promote`, { why, force: true });
      expect(forced).toMatchObject({ status: 200, body: { champion: modelId } });
      const back = await post('rollback', { why, venue, symbol });
      expect(back).toMatchObject({ status: 200, body: { champion: null } });
      expect((await post(`${modelId}/retire`, { why })).status).toBe(409);
      const places = () =>
        rows(
          `SELECT model_id, state, replaced, changed_by, changed_ts FROM models
           WHERE venue = $1 ORDER BY model_id`,
          venue,
        );
      const undo = (id: unknown) => post(`changes/${String(id)}/undo`, { why });
      expect((await undo(forced.body['audit_id'])).status, 'a later one is first').toBe(409);
      const rolledBack = await places();
      const first = await undo(back.body['audit_id']);
      expect(first).toMatchObject({ status: 200, body: { champion: modelId } });
      const again = await undo(first.body['audit_id']);
      expect(again).toMatchObject({ status: 200, body: { champion: null } });
      expect(await places()).toEqual(rolledBack);
      expect((await undo(1e15)).status).toBe(404);
      const { items } = (await (await fetch(`${server.url}/v1/models/changes`)).json()) as {
        items: { actor: string; reason: string }[];
      };
      expect(items[0]).toMatchObject({ actor: 'http:installation', reason: why });
    } finally {
      await server.close();
    }
  });

  test(
    'judges a model that was trained elsewhere on decisions behind the as-of barrier of its data set',
    async () => {
      await passes(26);
      const asOf = formatUs(START + 8 * US_PER_HOUR);
      const of = ['--symbols', `${venue}:${symbol}`, '--from', formatUs(START), '--to', asOf];
      const out = join(dir, 'set');
      const built = await tickloom('dataset', 'build', ...of, '--as-of', asOf, '--out', out);
      expect(built.err + built.out).toMatch(/ds-[0-9a-f]{16}: \d{2,} of/);
      const dataset = /ds-[0-9a-f]{16}/.exec(built.out)?.[0] ?? '';
      const file = join(dir, 'model.txt');
      const register = (): ReturnType<typeof tickloom> =>
        tickloom('models', 'register', file, '--dataset', dataset, '--why', 'made in Python');
      writeFileSync(file, 'something else');
      expect((await register()).err).toContain(
        'neither tickloom-model@1 (JSON) nor ONNX nor the text',
      );
      writeFileSync(file, decodeArtefact(original.bytes).direction);
      const first = await register();
      expect(first.err + first.out).toMatch(/lgbm-R-USD-direction_1h-20260302-[0-9a-f]{8}: reject/);
      const [row] = await rows<{ verdict: { comparisons: { rows: number }[] }; origin: string }>(
        `SELECT verdict, origin FROM models WHERE dataset_id = $1`,
        dataset,
      );
      expect(row).toMatchObject({ origin: 'registered', verdict: { passed: false } });
      // A decision a minute, from the as-of barrier to the last whose hour has passed.
      const judged = row?.verdict.comparisons[0]?.rows ?? 0;
      expect(judged).toBeGreaterThan(28 * 60);
      expect(judged).toBeLessThanOrEqual((hour - 8 - 1) * 60 + 60);
      expect((await register()).out).toContain('registered before, rejected');
    },
    SLOW,
  );

  test('trains when it is asked to, and says what came of it', async () => {
    const command = await tickloom('train', '--symbol', `${venue}:${symbol}`);
    expect(command.out).toMatch(/registry:R\/USD: refused, \d+ graded decisions, 4000 are needed/);
    expect(command.err, 'progress').toContain('registry:R/USD: ');
    const unknown = await tickloom('train', '--symbol', 'registry:NOBODY');
    expect(unknown).toMatchObject({ code: 1 });
    expect(unknown.err).toContain('nothing is stored of registry:NOBODY');
  });

  const ids: string[] = [];

  async function readState(modelId: string): Promise<string | undefined> {
    if (!ids.includes(modelId)) ids.push(modelId);
    const sql = 'SELECT state FROM models WHERE model_id = $1';
    return (await rows<{ state: string }>(sql, modelId))[0]?.state;
  }

  const readPredicted = (slot: string): Promise<Predicted[]> =>
    installation.reader.query<Predicted>(
      `SELECT ts, decided_ts, slot, model_id FROM predictions
       WHERE venue = $1 AND symbol = $2 AND slot = $3 ORDER BY ts`,
      [venue, symbol, slot],
    );

  /** Each champion once for every time that it took over. */
  async function championsInOrder(): Promise<string[]> {
    const order: string[] = [];
    for (const { model_id } of await readPredicted('champion')) {
      if (order.at(-1) !== model_id) order.push(model_id);
    }
    for (const modelId of order) if (modelId.startsWith('m')) await readState(modelId);
    return order;
  }

  async function wrongAnswers(): Promise<object[]> {
    const predicted = await readPredicted('champion');
    expect(predicted.length).toBeGreaterThan(600);
    return rows(
      `SELECT * FROM unnest($4::timestamptz[], $5::text[]) AS p (decided_ts, model_id)
       WHERE model_live_at($1, $2, $3, p.decided_ts) <> p.model_id`,
      ...[venue, symbol, labelSpec],
      predicted.map((row) => formatUs(row.decided_ts)),
      predicted.map((row) => row.model_id),
    );
  }
});
