/**
 * A market's week is over, on the running flow: the report of the jobs process and what
 * `tickloom curate` and the API say, against counts of their own over the tables.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { PeriodReport } from '../../pipelines/reports/reports.ts';
import { formatUs, parseUs, US_PER_HOUR } from '../../src/domain/time.ts';
import { Exact } from '../../src/domain/exact.ts';
import { classifyRegime } from '../../src/learning/regime.ts';
import { runFeed } from '../../pipelines/feed/feeding.ts';
import { mergedTrades } from '../../src/market/merged.ts';
import { noteWritten } from '../../src/postgres/tables/log-clocks.ts';
import { heartbeats } from '../../src/questdb/tables/heartbeats.ts';
import type { LabelLine, LabelMonthTable } from '../../src/summaries/label-tables.ts';
import type { MoneyLine, MonthTable } from '../../src/summaries/money-tables.ts';
import type { ReportTables } from '../../src/summaries/report-tables.ts';
import type { Closed, GroupPerformance } from '../../src/summaries/trade-performance.ts';
import { startServer } from '../http/server-under-test.ts';
import { tickloom } from '../support/command.ts';
import { Installation } from '../support/installation.ts';

const venue = 'curated';
const symbol = 'WEEK/USD';
const SUBJECT = `${venue}:${symbol}`;
// A Sunday; the week is graded an hour after it ends.
const START = parseUs('2013-01-05T20:00:00Z');
const MONDAY = parseUs('2013-01-07T00:00:00Z');
const END = MONDAY + 2 * US_PER_HOUR;

interface TradeRow {
  readonly trade_id: string;
  readonly closed_at: number;
  readonly account_pnl: string;
  readonly signal_ts: number;
}

/** As it is stored. */
type StoredReport = Omit<PeriodReport, 'fromUs' | 'toUs'> & { readonly from: string };

describe('reports', () => {
  let installation: Installation;
  let dir: string;
  let booked: readonly TradeRow[];

  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'tickloom-reports-'));
    // Whoever does not always win misses it; nobody is trained here.
    const settings = { TICKLOOM_TARGET_WIN_RATE: '1', TICKLOOM_RETRAIN_EVERY: '300d' };
    installation = new Installation(settings);
    for (const name of ['stream', 'sink', 'money', 'jobs'] as const) await installation.start(name);
    // The paper bot is in the log then.
    await installation.drain();
    await installation.stop('money');
    const market = { seed: 5, venue, symbols: [symbol], rate: 0.2, edge: 'none' as const };
    const source = mergedTrades({ ...market, fromUs: START, toUs: END });
    await runFeed(installation.context, { source, notify: () => undefined });
    await dueUnreported();
    await installation.start('money');
    await installation.drain();
    booked = await query<TradeRow>(
      `SELECT t.trade_id, t.closed_at, t.account_pnl, s.ts AS signal_ts
       FROM trades t JOIN signals s USING (signal_id)
       WHERE t.state = 'closed' AND t.venue = $1 ORDER BY t.closed_at, t.trade_id`,
      venue,
    );
  }, 300_000);
  afterAll(async () => {
    await installation.close();
    rmSync(dir, { recursive: true });
  });

  const query = async <R extends object>(sql: string, ...params: unknown[]): Promise<R[]> =>
    (await installation.context.postgres.query<R>(sql, params)).rows;

  /** The week is over and graded, but nobody books trades: nothing may be told of it yet. */
  async function dueUnreported(): Promise<void> {
    const deadline = performance.now() + 120_000;
    for (let graded = 0; graded < 20;) {
      const [run] = await query<{ state: string }>(
        `SELECT state FROM job_runs WHERE job = 'reports' AND subject = $1`,
        SUBJECT,
      );
      const backlog = await installation.context.labelBacklog().pending();
      const isGraded = run !== undefined && !backlog.some((of) => of.venue === venue);
      graded = isGraded ? graded + 1 : 0;
      // It may look, and wait for what is not booked; it tells nothing.
      expect(['due', 'running']).toContain(run?.state ?? 'due');
      if (performance.now() > deadline) throw new Error(installation.output('jobs'));
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }

  /** Of the account, which began with 10 000 and had other trades before these. */
  async function maxDrawdown(trades: readonly TradeRow[]): Promise<number> {
    const [{ before } = { before: '0' }] = await query<{ before: string }>(
      `SELECT coalesce(sum(account_pnl), 0) AS before FROM trades
       WHERE account = 'control-group-replay' AND state = 'closed'
         AND (closed_at, trade_id) < ($1, $2)`,
      ...[formatUs(trades[0]!.closed_at), trades[0]!.trade_id],
    );
    let equity = 10_000 + Number(before);
    let [highest, fall] = [equity, 0];
    for (const { account_pnl: pnl } of trades) {
      equity += Number(pnl);
      highest = Math.max(highest, equity);
      fall = Math.min(fall, equity / highest - 1);
    }
    return fall;
  }

  async function report(): Promise<StoredReport> {
    const deadline = performance.now() + 60_000;
    for (;;) {
      const [run] = await query<{ detail: { reports: readonly StoredReport[] }; due_ts: number }>(
        `SELECT due_ts, detail FROM job_runs
         WHERE job = 'reports' AND subject = $1 AND state = 'done'`,
        SUBJECT,
      );
      if (run !== undefined) {
        expect(run.due_ts).toBe(MONDAY);
        expect(run.detail.reports).toHaveLength(1);
        return run.detail.reports[0]!;
      }
      if (performance.now() > deadline) throw new Error(installation.output('jobs'));
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }

  test('a week that is over and graded is told of once, with what is in the tables', async () => {
    const reported = await report();
    expect(reported).toMatchObject({ period: 'week', from: '2012-12-31T00:00:00.000000Z' });
    const inWeek = booked.filter(({ closed_at: at }) => at < MONDAY);
    expect(inWeek.length).toBeGreaterThan(20);
    expect(booked.length).toBeGreaterThan(inWeek.length);
    const winners = inWeek.filter(({ account_pnl: pnl }) => Number(pnl) > 0).length;
    expect(reported.trades).toMatchObject([
      { account: 'control-group-replay', trades: inWeek.length, winners },
    ]);
    const sum = inWeek.reduce((of, { account_pnl: pnl }) => of + Number(pnl), 0);
    expect(Number(reported.trades[0]!.net_pnl)).toBeCloseTo(sum, 8);
    const [labels] = await installation.reader.query<{ n: number; ups: number }>(
      `SELECT count() AS n, sum(up) AS ups FROM labels_latest
       WHERE venue = $1 AND state = 'matured' AND ts < $2`,
      [venue, formatUs(MONDAY)],
    );
    expect(labels!.n).toBeGreaterThan(1000);
    expect(reported.samples).toMatchObject({ samples: labels!.n, ups: labels!.ups });
    const [{ rows, unheeded } = { rows: 0, unheeded: 0 }] = reported.outcomes;
    expect(rows + unheeded).toBe(labels!.n);
    const runs = await query(
      `SELECT 1 FROM job_runs WHERE job = 'reports' AND subject = $1`,
      SUBJECT,
    );
    expect(runs).toHaveLength(1);
  });

  test('too few winners are an alert', async () => {
    await report();
    const alerts = await query<{ state: string; message: string }>(
      'SELECT state, message FROM alerts WHERE alert_key = $1',
      `win-rate:week:${SUBJECT}:2013-01-07`,
    );
    expect(alerts).toMatchObject([
      {
        state: 'open',
        message: expect.stringMatching(/^curated:WEEK\/USD: .* below the target of 100/),
      },
    ]);
  });

  test('trades are grouped by account and market, and by the regime of their decisions', async () => {
    const server = await startServer();
    try {
      const ask = async (by: string): Promise<GroupPerformance[]> => {
        const of = `by=${by}&venue=${venue}&symbol=${encodeURIComponent(symbol)}`;
        const answer = await fetch(`${server.url}/v1/performance/metrics?${of}`);
        expect(answer.status).toBe(200);
        return ((await answer.json()) as { items: GroupPerformance[] }).items;
      };
      expect(await ask('symbol')).toMatchObject([{ group: SUBJECT, trades: booked.length }]);
      expect(await ask('bot')).toMatchObject([{ group: 'control', trades: booked.length }]);
      const newer = await tickloom(
        'curate',
        'trades',
        '--symbol',
        SUBJECT,
        '--days',
        '1',
        '--json',
      );
      const reported = JSON.parse(newer.out) as {
        performance: GroupPerformance[];
        trades: Closed[];
      };
      expect(reported.performance[0]!.max_drawdown).toBeCloseTo(
        await maxDrawdown(booked.slice(-reported.trades.length)),
        12,
      );
      const features = await installation.reader.query<{ ts: number; v: number; t: number }>(
        `SELECT ts, realised_vol_ratio_1m AS v, adx_14_5m AS t FROM features
         WHERE venue = $1 AND revision = 0`,
        [venue],
      );
      const regimes = new Map(features.map(({ ts, v, t }) => [ts, classifyRegime(v, t) ?? 'none']));
      const expected = new Map<string, number>();
      for (const { signal_ts: ts } of booked) {
        const regime = regimes.get(ts)!;
        expected.set(regime, (expected.get(regime) ?? 0) + 1);
      }
      const found = await ask('regime');
      expect(new Map(found.map(({ group, trades }) => [group, trades]))).toEqual(expected);
      expect(found.length).toBeGreaterThan(1);
      const wrong = await fetch(`${server.url}/v1/performance/metrics?by=moon`);
      expect(wrong.status).toBe(400);
    } finally {
      await server.close();
    }
  });

  test('`curate` shows markets, models, trades and reports', async () => {
    const summary = await tickloom('curate', 'summary');
    expect(summary.out).toMatch(/^instrument +samples +up +last +decides +days old +graded +hits /);
    expect(summary.out).toMatch(/^curated:WEEK\/USD +\d{4} .* baseline@1 +- +\d{4} /m);
    const model = await tickloom('curate', 'model', '--symbol', SUBJECT);
    expect(model.out).toMatch(
      /^no model was trained yet\n\nmodel +group .*\nbaseline@1 +all +\d{4} /,
    );
    const [json, text, reports] = await Promise.all([
      tickloom('curate', 'trades', '--symbol', SUBJECT, '--days', '1', '--json'),
      tickloom('curate', 'trades', '--symbol', SUBJECT),
      tickloom('curate', 'reports', '--symbol', SUBJECT),
    ]);
    const last = booked.at(-1)!.closed_at;
    const { trades } = JSON.parse(json.out) as { trades: Closed[] };
    expect(trades.map(({ trade_id: id }) => id)).toEqual(
      booked
        .filter(({ closed_at: at }) => at > last - 24 * US_PER_HOUR)
        .map(({ trade_id: id }) => id),
    );
    expect(trades.length).toBeLessThan(booked.length);
    expect(text.out).toMatch(
      /^account +group +trades +won .*\ncontrol-group-replay +curated:WEEK\/USD +\d+ /,
    );
    expect(text.out).toContain(`and ${booked.length - 20} older ones`);
    expect(reports.out).toMatch(/^curated:WEEK\/USD week to 2013-01-07: \d+ trades, \d+ won, net /);
    const unknown = await tickloom('curate', 'model', '--symbol', `${venue}:NEVER/USD`);
    expect(unknown).toMatchObject({ code: 1, err: expect.stringContaining('nothing is known of') });
    expect((await tickloom('curate', 'trades', '--days', '0')).code).toBe(2);
  });

  test('`curate describe` and `months` have the sums that PostgreSQL has, and so the report', async () => {
    const of = ['--symbol', SUBJECT, '--days', '400', '--json'] as const;
    const ask = async <T>(...words: string[]): Promise<T> => {
      const { code, out, err } = await tickloom('curate', ...words, ...of);
      expect(code, err).toBe(0);
      return JSON.parse(out) as T;
    };
    const [exact] = await query<{ trades: number; sum: string; cents: string }>(
      `SELECT count(*) AS trades, trim_scale(sum(account_pnl))::text AS sum,
         round(sum(account_pnl), 2)::text AS cents
       FROM trades WHERE state = 'closed' AND venue = $1`,
      venue,
    );
    const { trades, sum, cents } = exact!;
    const one = { account: 'control-group-replay', currency: 'USD' };
    type Lines<Line> = { readonly lines: readonly Line[] };
    const [{ lines }, regimes, byMonth, graded, monthly] = await Promise.all([
      ask<Lines<MoneyLine>>('describe', 'trades', '--by', 'symbol'),
      ask<Lines<MoneyLine>>('describe', 'trades', '--by', 'regime'),
      ask<MonthTable>('months', 'trades'),
      ask<Lines<LabelLine>>('describe', 'labels'),
      ask<LabelMonthTable>('months', 'labels'),
    ]);
    expect(lines).toMatchObject([{ ...one, group: SUBJECT, trades, sum }]);
    expect(regimes.lines.length).toBeGreaterThan(1);
    const all = regimes.lines.reduce((total, line) => total.plus(line.sum), new Exact(0));
    expect(all.toFixed()).toBe(sum);
    expect(byMonth).toMatchObject({ months: ['2013-01'], lines: [{ ...one, sums: [sum] }] });
    const [text, reported, nobody] = await Promise.all([
      tickloom('curate', 'months', 'trades', '--by', 'bot', '--symbol', SUBJECT),
      tickloom('curate', 'reports', '--symbol', SUBJECT),
      tickloom('curate', 'months', 'trades', '--account', 'nobody'),
    ]);
    expect(text.out).toMatch(/account control-group-replay, in USD\nbot +2013-01 +total\ncontrol /);
    expect(text.out.trim().split(/\s+/).slice(-2)).toEqual([cents, cents]);

    const [labels] = await installation.reader.query<{ n: number; ups: number; mean: number }>(
      `SELECT count() AS n, sum(up) AS ups, avg(forward_return) AS mean FROM labels_latest
       WHERE venue = $1 AND state = 'matured'`,
      [venue],
    );
    const { n: samples, ups, mean } = labels!;
    expect(graded.lines).toMatchObject([{ group: SUBJECT, samples, up_share: ups / samples }]);
    expect(graded.lines[0]!.mean_return).toBeCloseTo(mean, 12);
    expect(monthly.lines).toEqual([
      { group: SUBJECT, samples: [samples], up_shares: [ups / samples] },
    ]);

    const { tables } = (await report()) as StoredReport & { readonly tables: ReportTables };
    const [week] = await query<{ sum: string }>(
      `SELECT trim_scale(sum(account_pnl))::text AS sum FROM trades
       WHERE state = 'closed' AND venue = $1 AND closed_at < $2`,
      ...[venue, formatUs(MONDAY)],
    );
    expect(tables.trades).toMatchObject([{ ...one, group: 'all', sum: week!.sum }]);
    expect(tables.months).toMatchObject({ months: ['2013-01'], lines: [{ total: week!.sum }] });
    expect(tables.labels.lines).toMatchObject([{ group: SUBJECT }]);
    expect(reported.out).toMatch(
      /\nnet P&L of closed trades by account: .*\naccount +trades +net /,
    );
    expect(nobody).toMatchObject({ code: 1, err: expect.stringContaining('there is no account') });
  });

  test('`curate export` writes every finished decision once, and over nothing', async () => {
    const file = join(dir, 'week.csv');
    const words = ['curate', 'export', '--csv', file, '--symbol', SUBJECT] as const;
    const early = await tickloom(...words, '--as-of', '2012-12-31');
    expect(early).toMatchObject({ code: 1, err: expect.stringContaining('nothing is written') });
    // Without an as_of behind an as-of barrier.
    const { code, out, err } = await tickloom(...words, '--json');
    expect(code, err).toBe(0);
    const { rows, rows_in: rowsIn } = JSON.parse(out) as { rows: number; rows_in: number };
    expect(rows).toBeGreaterThan(1000);
    expect(rowsIn).toBeGreaterThan(rows);
    const [head, ...lines] = readFileSync(file, 'utf8').trim().split('\n');
    expect(head).toMatch(/^symbol,.*rsi_14_1m.*,up/);
    expect(lines).toHaveLength(rows);
    expect(existsSync(`${file}.part-`)).toBe(false);
    expect(await tickloom(...words)).toMatchObject({
      code: 1,
      err: expect.stringContaining('exists'),
    });
    const never = await tickloom('curate', 'export', '--csv', join(dir, 'n'), '--symbol', 'no:NE');
    expect(never).toMatchObject({ code: 1, err: expect.stringContaining('known: ') });
  });

  test('`curate clean` drops what is past its age, says so first, and keeps the ages', async () => {
    const old = parseUs('2001-01-01T00:00:00Z');
    const writer = installation.context.questdbWriter();
    await writer.write(heartbeats, [{ ts: old, known_at: old, venue, symbol }]);
    await installation.reader.waitApplied(['heartbeats']);
    // What nobody has noted counts as written today.
    const written = { table: 'heartbeats', partition: '2001-01-01', writtenUs: old };
    await noteWritten(installation.context.postgres, [written]);
    const left = () =>
      installation.reader.query('SELECT ts FROM heartbeats WHERE ts = $1', [formatUs(old)]);
    expect((await tickloom('curate', 'clean')).out).toContain('everything is kept; --keep');
    const keep = ['curate', 'clean', '--keep', 'heartbeats=4000d'] as const;
    const dry = await tickloom(...keep, '--dry-run');
    expect(dry.out).toMatch(
      /^heartbeats\/2001-01-01\n(heartbeats.*\n)*\d+ partitions would be dropped/,
    );
    expect(await left()).toHaveLength(1);
    expect(await query(`SELECT 1 FROM settings WHERE name = 'retention'`)).toEqual([]);
    const done = await tickloom(...keep, '--json');
    expect(JSON.parse(done.out)).toMatchObject({ ages: { heartbeats: '4000d' } });
    expect((JSON.parse(done.out) as { dropped: string[] }).dropped).toContain(
      'heartbeats/2001-01-01',
    );
    expect(await left()).toEqual([]);
    expect((await tickloom('curate', 'clean')).out).toContain(
      '0 partitions dropped; ages: heartbeats',
    );
    const [audited] = await query<{ actor: string; detail: object }>(
      `SELECT actor, detail FROM audit_log WHERE action = 'setting.change'`,
    );
    expect(audited).toMatchObject({
      actor: expect.stringMatching(/^os:/),
      detail: { before: {}, after: { heartbeats: '4000d' } },
    });
    expect((await tickloom('curate', 'clean', '--keep', 'trades=90d')).code).toBe(2);
  });
});
