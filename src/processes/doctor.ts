/**
 * What an operator would check by hand, one finding a check: servers, topics, tables, stages,
 * instruments, and what was reported and not dealt with.
 */
import { TOPICS } from '../../pipelines/flow.ts';
import { redisFinding } from '../adapters/redis-health.ts';
import { alertsOf } from '../tables/postgres/alerts.ts';
import { deadCounts } from '../tables/postgres/dead-letters.ts';
import { openErrors } from '../tables/postgres/errors.ts';
import { readSetting } from '../tables/postgres/settings.ts';
import { splitAlert, splitInstruments } from '../tables/postgres/split-instruments.ts';
import { refuseSuspended } from '../tables/questdb/suspended.ts';
import type { Context } from './context.ts';
import { judgePositions, misfits } from './log-positions.ts';
import { partitionsOf, refuseOthers, type Partitions } from './partition-guard.ts';

export interface Finding {
  readonly check: string;
  readonly ok: boolean;
  readonly detail: string;
}

/** Resolves with what is well, or throws what is not. */
type Check = (context: Context) => Promise<string>;

const CHECKS: Readonly<Record<string, Check>> = {
  postgres: async ({ postgres }) => {
    await postgres.query('SELECT count(*) FROM checkpoints');
    return 'answers, and has its tables';
  },
  questdb: async (context) => {
    await refuseSuspended(context.questdbReader());
    return 'answers, and applies all of its tables';
  },
  redis: async ({ config }) => {
    const found = await redisFinding(config);
    if (found !== null) throw new Error(found.message);
    return 'answers, takes writes, and forgets nothing';
  },
  topics: async ({ kafka, postgres, topicOf }) => {
    const topics = TOPICS.map(({ name }) => topicOf(name));
    const now = await partitionsOf(kafka, topics);
    const agreed = ((await readSetting(postgres, 'partitions')) ?? {}) as Partitions;
    refuseOthers(agreed, now);
    return topics.map((topic) => `${topic} ${now[topic]}`).join(', ');
  },
  lag: async (context) => {
    const lags = await context.flowProbe().lags();
    return lags.map(({ stage, lag }) => `${stage} ${lag}`).join(', ');
  },
  stages: async ({ postgres }) => {
    const open = (await alertsOf(postgres)).filter(({ kind }) => kind === 'standstill');
    if (open.length === 0) return 'none stands still, as far as the jobs process has seen';
    throw new Error(open.map(({ message }) => message).join('\n'));
  },
  'dead letters': async ({ postgres }) => {
    const counts = await deadCounts(postgres);
    const recent = (await alertsOf(postgres)).filter(({ kind }) => kind === 'dead-letters');
    if (recent.length > 0) throw new Error(recent.map(({ message }) => message).join('\n'));
    const records = counts.reduce((sum, count) => sum + count.records, 0);
    return `${records} ever, none lately`;
  },
  positions: async (context) => {
    const topics = TOPICS.map(({ name }) => context.topicOf(name));
    const wrong = misfits(await judgePositions(context, topics, { reads: true }));
    if (wrong.length === 0) return 'each in the log that it was taken in';
    throw new Error(`${wrong.join('\n')}\nsee tickloom topics accept --help`);
  },
  instruments: async ({ postgres, topicOf }) => {
    const ticks = topicOf('ticks');
    const split = await splitInstruments(postgres, ticks);
    if (split.length === 0) return 'each on one partition';
    throw new Error(split.map((found) => splitAlert(ticks, found).message).join('\n'));
  },
  alerts: async ({ postgres }) => {
    const open = (await alertsOf(postgres)).filter(({ state }) => state === 'open');
    if (open.length === 0) return 'none is open';
    throw new Error(`${open.length} open: see tickloom alerts list`);
  },
  errors: async ({ postgres }) => {
    const open = await openErrors(postgres);
    if (open.length === 0) return 'none is open';
    throw new Error(`${open.length} open: see tickloom errors list`);
  },
};

export async function examine(context: Context): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const [check, work] of Object.entries(CHECKS)) {
    try {
      findings.push({ check, ok: true, detail: await work(context) });
    } catch (error) {
      const { message, code } = error as Error & { code?: string };
      findings.push({ check, ok: false, detail: message || (code ?? String(error)) });
    }
  }
  return findings;
}
