/**
 * dead letters, the books, fills that wait, exchange rates that are missing, stages that stand
 * still -> the alerts that are to be open now
 */
import { monotonicMs } from '../clock.ts';
import { Standstill, standingText } from '../stream/standstill.ts';
import { acknowledgedSince, type NewAlert } from '../postgres/tables/alerts.ts';
import { bookBreaks, waitingFills } from '../postgres/tables/account-breaks.ts';
import { deadCounts } from '../postgres/tables/dead-letters.ts';
import { missingRates } from '../postgres/tables/refusals.ts';
import type { Context } from '../runtime/context.ts';
import { stagePlaces } from '../runtime/stage-places.ts';

/** Without a new one for so long, the trouble is over. */
const QUIET_US = 3_600_000_000;

/** One alert a topic and reason, while new ones come; acknowledged ones are over until then. */
export async function deadLetterAlerts({ postgres }: Context): Promise<NewAlert[]> {
  const { rows } = await postgres.query<{ now: number }>('SELECT now() AS now');
  const sinceUs = (rows[0]?.now ?? 0) - QUIET_US;
  const acknowledged = await acknowledgedSince(postgres, 'dead-letters');
  return (await deadCounts(postgres)).flatMap((count) => {
    const { topic, reason, records, last_detail, last_at } = count;
    const key = `dead-letters:${topic}:${reason}`;
    if (last_at <= Math.max(sinceUs, acknowledged.get(key) ?? 0)) return [];
    const message =
      `records of ${topic} could not be taken (${reason}, ${records} so far), such as: ` +
      `${last_detail}. See tickloom dead-letters list --topic ${topic} --reason ${reason}; once ` +
      'the cause is mended, tickloom dead-letters resend takes them up again';
    return [{ key, severity: 'error', subject: topic, message, context: { reason, records } }];
  });
}

/** Where an account's books do not close, and fills that nobody has booked. */
export async function bookAlerts({ postgres }: Context): Promise<NewAlert[]> {
  const breaks = (await bookBreaks(postgres)).map((row): NewAlert => {
    const { account, what, currency, expected, found, difference } = row;
    return {
      key: `breaks:${account}:${what}:${currency}`,
      severity: 'critical',
      subject: account,
      message:
        `the books of ${account} do not close: ${what} is ${found} ${currency} in the ledger, not ` +
        `${expected} (${difference} apart). Stop its bots and look at account_breaks`,
      context: { ...row },
    };
  });
  const waiting = (await waitingFills(postgres)).map((row): NewAlert => {
    const { account, fills, fill_id, trade_id } = row;
    return {
      key: `breaks:${account}:unbooked`,
      severity: 'critical',
      subject: account,
      message:
        `${fills} fills of ${account} are not booked, such as ${fill_id}, which closes ` +
        `${trade_id}: its entry has not come, or does not fit. See unbooked_fills, and errors list`,
      context: { ...row },
    };
  });
  return [...breaks, ...waiting];
}

/** One alert a rate that is missing, however many bots, instruments and decisions it keeps. */
export async function rateAlerts({ postgres }: Context): Promise<NewAlert[]> {
  return (await missingRates(postgres)).map((row) => {
    const { reason, bots, instruments, instrument, decisions } = row;
    return {
      key: `no-rate:${reason}`,
      severity: 'warning',
      subject: instrument,
      message:
        `${reason}: ${bots} trade nothing of ${instruments} instruments, such as ${instrument} ` +
        `(${decisions} decisions so far; GET /v1/signals/refusals counts on). Only dollars and ` +
        "stablecoins are converted: leave such instruments out of a bot's settings, or " +
        'acknowledge this',
      context: { ...row },
    };
  });
}

let standstill: Standstill | null = null;

export async function standstillAlerts(context: Context): Promise<NewAlert[]> {
  standstill ??= new Standstill(context.config.standstillMs);
  const standing = standstill.look(await stagePlaces(context), monotonicMs());
  return standing.map((place) => ({
    key: `standstill:${place.stage}:${place.topic}:${place.partition}`,
    severity: 'critical',
    subject: place.stage,
    message:
      `${standingText(place)}: nothing of it is taken. Read the log of that process; it says what ` +
      'it waits for, or why it ends',
    context: { ...place },
  }));
}
