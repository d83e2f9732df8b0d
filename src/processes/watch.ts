/** What the jobs process looks at every few seconds, and what it alarms about. */
import { settleAlerts, type NewAlert } from '../tables/postgres/alerts.ts';
import { splitAlert, splitInstruments } from '../tables/postgres/split-instruments.ts';
import { resumeSuspended, type SuspendedTable } from '../tables/questdb/suspended.ts';
import type { Context } from './context.ts';
import { floodAlerts, heldClockAlerts } from './watch-clock.ts';
import { bookAlerts, deadLetterAlerts, standstillAlerts } from './watch-records.ts';

/** Never fails, and no look waits for another: each is for the time when something else is away. */
export async function watch(context: Context): Promise<void> {
  const looks = [lookAtTables, lookAtInstruments, lookAtClock, lookAtFloods, ...RECORD_LOOKS];
  for (const look of looks) {
    try {
      await look(context);
    } catch (error) {
      context.log.warn({ err: error }, 'a look failed, the next one tries again');
    }
  }
}

const RECORD_LOOKS = [
  async (context: Context) => tell(context, 'dead-letters', await deadLetterAlerts(context)),
  async (context: Context) => tell(context, 'breaks', await bookAlerts(context)),
  async (context: Context) => tell(context, 'standstill', await standstillAlerts(context)),
] as const;

async function lookAtTables(context: Context): Promise<void> {
  const suspended = await resumeSuspended(context.questdbReader());
  await tell(context, 'suspended', suspended.map(suspendedAlert));
}

async function lookAtInstruments(context: Context): Promise<void> {
  const ticks = context.topicOf('ticks');
  const split = await splitInstruments(context.postgres, ticks);
  await tell(
    context,
    'split',
    split.map((found) => splitAlert(ticks, found)),
  );
}

async function lookAtClock(context: Context): Promise<void> {
  await tell(context, 'clock', await heldClockAlerts(context));
}

async function lookAtFloods(context: Context): Promise<void> {
  await tell(context, 'flood', await floodAlerts(context));
}

async function tell(
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
