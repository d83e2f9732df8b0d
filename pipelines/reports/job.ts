/**
 * The reports job: a market's week, month or quarter is over and graded -> a report in its
 * `job_runs` row, and an alert for as long as the newest report of a period misses the target.
 */
import {
  isOutdated,
  missedTarget,
  periodsEndingAt,
  reportLine,
  type PeriodReport,
  type Period,
} from './reports.ts';
import type { JobData } from '../../src/queue/queue.ts';
import { must } from '../../src/assert.ts';
import { formatUs, LATEST_US } from '../../src/domain/time.ts';
import { parseInstrumentKey } from '../../src/domain/wire.ts';
import type { Context } from '../../src/runtime/context.ts';
import { installationTime } from '../../src/runtime/installation-time.ts';
import { settleAlerts, type NewAlert } from '../../src/postgres/tables/alerts.ts';
import { finishRun, newestDue } from '../../src/postgres/tables/job-runs.ts';
import { modelOutcomes } from '../../src/questdb/tables/model-outcomes.ts';
import type { Instrument } from '../../src/questdb/table.ts';
import { labelDays } from '../../src/questdb/tables/label-days.ts';
import { trainingData } from '../../src/questdb/tables/training-data.ts';
import { reportTables, type ReportTables } from '../../src/summaries/report-tables.ts';
import { closedTrades, performanceBy } from '../../src/summaries/trade-performance.ts';
import { drainedAndGraded } from '../control/as-of-barrier.ts';

export async function runReports(context: Context, { subject, dueTs }: JobData): Promise<void> {
  const { postgres } = context;
  // The last trades of the period may not be booked yet, nor its last decisions graded.
  await drainedAndGraded(context, subject);
  const instrument = must(parseInstrumentKey(subject), `subject "${subject}" is an instrument`);
  const reports: PeriodReport[] = [];
  const stored: object[] = [];
  for (const period of periodsEndingAt(dueTs)) {
    const { report, tables } = await buildReport(context, instrument, period);
    reports.push(report);
    stored.push({ ...readable(report), tables });
    await alarm(context, subject, report);
  }
  const reason = reports.map(reportLine).join('\n');
  const run = { job: 'reports', subject, due_ts: dueTs };
  await finishRun(postgres, run, 'done', { reason, reports: stored });
}

/** Its times as people read them. */
const readable = ({ fromUs, toUs, ...report }: PeriodReport) => ({
  from: formatUs(fromUs),
  to: formatUs(toUs),
  ...report,
});

async function buildReport(
  context: Context,
  instrument: Instrument,
  period: Period,
): Promise<{ readonly report: PeriodReport; readonly tables: ReportTables }> {
  const { postgres, config } = context;
  const reader = context.questdbReader();
  const of = { ...instrument, fromUs: period.fromUs, toUs: period.toUs };
  const graded = { ...of, labelSpec: config.labelSpec };
  const [data] = await trainingData(reader, graded);
  const closed = await closedTrades(postgres, of);
  const report = {
    ...period,
    trades: await performanceBy('account', closed, reader),
    outcomes: (await modelOutcomes(reader, { by: 'model', ...graded })).metrics,
    samples: data ?? null,
  };
  return {
    report,
    tables: await reportTables(closed, config.labelSpec, await labelDays(reader, graded)),
  };
}

/**
 * One alert a period that missed the target, over with the next of its kind. Only the newest
 * decides: one that is made up for late is history.
 */
async function alarm(context: Context, subject: string, report: PeriodReport): Promise<void> {
  const { postgres, config, log } = context;
  const byTs = (await installationTime(context)) ?? LATEST_US;
  const newest = await newestDue(postgres, 'reports', subject, byTs);
  if (newest !== null && isOutdated(report, newest)) return;
  const kind = `win-rate:${report.period}:${subject}`;
  const missed = missedTarget(report, config.targetWinRate);
  const alert: NewAlert = {
    key: `${kind}:${formatUs(report.toUs).slice(0, 10)}`,
    severity: 'warning',
    subject,
    message: `${subject}: ${missed ?? ''}`,
    context: report,
  };
  const raised = await settleAlerts(postgres, kind, missed === null ? [] : [alert]);
  for (const { message } of raised) log.warn(message);
}
