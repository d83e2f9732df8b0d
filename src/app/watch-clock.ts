/** The log's clock, and what came ahead of it -> alerts. */
import { formatUs, US_PER_MIN } from '../domain/time.ts';
import type { NewAlert } from '../postgres/tables/alerts.ts';
import { partitionClocks, type PartitionClock } from '../postgres/tables/log-clocks.ts';
import type { Context } from '../runtime/context.ts';
import { installationTime } from '../runtime/installation-time.ts';

/** One that was held back because it jumped, until somebody has accepted it. */
export async function heldClockAlerts({ postgres, topicName }: Context): Promise<NewAlert[]> {
  const held = (await partitionClocks(postgres, topicName('ticks'))).find(isHeld);
  if (held === undefined) return [];
  const { clockUs, heldUs } = held;
  return [
    {
      key: 'clock:held',
      severity: 'critical',
      subject: 'clock',
      message:
        `the machine's clock has jumped to ${formatUs(heldUs)} and is held back: jobs and ` +
        'retention wait. If it is right: tickloom clock accept --yes; if not, set it right',
      context: { clock: clockUs, held: heldUs },
    },
  ];
}

const isHeld = (clock: PartitionClock): clock is PartitionClock & { readonly heldUs: number } =>
  clock.heldUs !== null;

/** How far back is looked for what came ahead, by the log's clock. */
const LOOK_BACK_US = 5 * US_PER_MIN;

interface Counted {
  readonly venue: string | null;
  readonly symbol: string | null;
  readonly kind: string;
  readonly events: number;
  /** Rows that stand for more than a hundred a minute. */
  readonly sums: number;
}

/**
 * Instruments with more events of a kind than get rows of their own; and several venues ahead of
 * the clock at once, which says that the clock itself may be behind.
 */
export async function floodAlerts(context: Context): Promise<NewAlert[]> {
  const nowUs = await installationTime(context);
  if (nowUs === null) return [];
  const rows = await context.questdbReader().query<Counted>(
    `SELECT venue, symbol, kind, count() AS events,
       sum(CASE WHEN detail LIKE '%"summary":true%' THEN 1 ELSE 0 END) AS sums
     FROM quality_events WHERE ts > cast(${nowUs - LOOK_BACK_US} AS timestamp)
       AND kind IN ('future', 'bad_clock', 'malformed', 'reset')`,
  );
  const floods = rows.filter(({ sums }) => sums > 0).map(floodAlert);
  const venues = new Set(rows.flatMap(({ kind, venue }) => (kind === 'future' ? [venue] : [])));
  return venues.size < 2 ? floods : [...floods, ownClockAlert([...venues])];
}

function floodAlert({ venue, symbol, kind }: Counted): NewAlert {
  const of = venue === null ? 'records without an instrument' : `${venue}:${symbol}`;
  return {
    key: `flood:${kind}:${of}`,
    severity: 'error',
    subject: of,
    message:
      `${of}: more than a hundred ${kind} events a minute. Look at its producer` +
      (kind === 'future' || kind === 'bad_clock' ? "'s clock" : '') +
      '; quality_events has the first hundred, and the number of the others',
  };
}

const ownClockAlert = (venues: readonly (string | null)[]): NewAlert => ({
  key: 'flood:clock',
  severity: 'critical',
  subject: 'clock',
  message:
    `${venues.join(', ')} are ahead of this installation's clock at once: that one may be behind. ` +
    'Set it right; tickloom quality release then feeds what was set apart',
});
