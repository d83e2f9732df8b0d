/**
 * What the jobs process looks at every few seconds, and what it alarms about. Each look has a clock
 * of its own: each is for the time when something else is away.
 */
import { redisFinding, type RedisFinding } from '../queue/redis-health.ts';
import { monotonicMs } from '../clock.ts';
import { settleAlerts, type NewAlert } from '../postgres/tables/alerts.ts';
import { jobAlerts } from '../postgres/tables/job-alerts.ts';
import { splitAlert, splitInstruments } from '../postgres/tables/split-instruments.ts';
import { resumeSuspended, type SuspendedTable } from '../questdb/tables/suspended.ts';
import type { Context } from '../runtime/context.ts';
import { floodAlerts, heldClockAlerts } from './watch-clock.ts';
import { lookAtHistory } from './watch-questdb.ts';
import { bookAlerts, deadLetterAlerts, rateAlerts, standstillAlerts } from './watch-records.ts';

export const LOOKS: Readonly<Record<string, (context: Context) => Promise<void>>> = {
  tables: lookAtTables,
  'what QuestDB holds': lookAtHistory,
  instruments: lookAtInstruments,
  'job runs': lookAtJobs,
  clock: async (context) => raise(context, 'clock', await heldClockAlerts(context)),
  floods: async (context) => raise(context, 'flood', await floodAlerts(context)),
  'dead letters': async (context) =>
    raise(context, 'dead-letters', await deadLetterAlerts(context)),
  books: lookAtBooks,
  rates: async (context) => raise(context, 'no-rate', await rateAlerts(context)),
  standstill: async (context) => raise(context, 'standstill', await standstillAlerts(context)),
  redis: lookAtRedis,
};

/** The view reads the whole ledger: not at every look, but well within a minute. */
const BOOKS_MS = 30_000;
let booksDueMs = 0;

async function lookAtBooks(context: Context): Promise<void> {
  if (monotonicMs() < booksDueMs) return;
  booksDueMs = monotonicMs() + BOOKS_MS;
  await raise(context, 'breaks', await bookAlerts(context));
}

async function lookAtTables(context: Context): Promise<void> {
  const suspended = await resumeSuspended(context.questdbReader());
  await raise(context, 'suspended', suspended.map(suspendedAlert));
}

async function lookAtInstruments(context: Context): Promise<void> {
  const ticks = context.topicName('ticks');
  const split = await splitInstruments(context.postgres, ticks);
  await raise(
    context,
    'split',
    split.map((found) => splitAlert(ticks, found)),
  );
}

async function lookAtJobs(context: Context): Promise<void> {
  await raise(context, 'job-runs', await jobAlerts(context.postgres));
}

async function lookAtRedis(context: Context): Promise<void> {
  const found = await redisFinding(context.config);
  await raise(context, 'redis', found === null ? [] : [redisAlert(found)]);
}

const redisAlert = ({ kind, message }: RedisFinding): NewAlert => ({
  key: `redis:${kind}`,
  severity: kind === 'slow' ? 'warning' : 'critical',
  subject: 'redis',
  message,
});

async function raise(
  { postgres, log }: Context,
  kind: string,
  alerts: readonly NewAlert[],
): Promise<void> {
  for (const alert of await settleAlerts(postgres, kind, alerts)) log.error(alert, alert.message);
}

const suspendedAlert = ({ name, tag, message, resumed }: SuspendedTable): NewAlert => ({
  key: `suspended:${name}`,
  severity: 'critical',
  subject: name,
  message:
    `QuestDB keeps rows of ${name} without applying them (${tag || 'no reason given'}): ` +
    (resumed
      ? 'give it what it wants, and they can be read a few seconds later'
      : `read its log, then ALTER TABLE ${name} RESUME WAL`),
  context: { tag, message },
});
