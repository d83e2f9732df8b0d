/**
 * An error -> what of the world was away when it came, or null: then the work itself has failed.
 *
 * Work that met an outage was not tried: it is done again once the world is back, however often
 * that takes. So the doubtful cases count as the work's own; those are bounded.
 */
import { isRetriable } from '../postgres/postgres.ts';

/** Closed: what can be away. */
export type Outage = 'server' | 'questdb' | 'suspended' | 'kafka' | 'redis' | 'flow' | 'disk';

const OF_NAME: Readonly<Record<string, Outage>> = {
  QuestDbSuspendedError: 'suspended',
  QuestDbUnavailableError: 'questdb',
  KafkaJSConnectionError: 'kafka',
  KafkaJSConnectionClosedError: 'kafka',
  KafkaJSRequestTimeoutError: 'kafka',
  KafkaJSNumberOfRetriesExceeded: 'kafka',
  KafkaJSBrokerNotFound: 'kafka',
  KafkaJSLeaderNotAvailable: 'kafka',
  MaxRetriesPerRequestError: 'redis',
};

const OF_CODE: Readonly<Record<string, Outage>> = { ENOSPC: 'disk', EDQUOT: 'disk', EROFS: 'disk' };

/** In the order in which they are tried. */
const OF_TEXT: readonly (readonly [RegExp, Outage])[] = [
  [/^QuestDB has not applied its log /, 'questdb'],
  // A table that QuestDB is busy with, or one whose server is being stopped.
  [/cancelled by user|table busy|writer is busy|could not open read-(only|write)/i, 'questdb'],
  // The stages have not come to where the job has to wait for them.
  [
    /^the flow (?:has not settled|is not drained): |^after \d+ s (its (?:cut|as-of barrier) is not sent|decisions wait )/,
    'flow',
  ],
  [/^(OOM command not allowed|READONLY |MISCONF |LOADING |Connection is closed)/, 'redis'],
  [/no space left on device|disk full/i, 'disk'],
  [/Query read timeout|fetch failed|socket hang up/, 'questdb'],
];

/** What was away; null where the error is the work's own. Looks at the causes, too. */
export function findOutage(error: unknown): Outage | null {
  for (let at = error, depth = 0; at instanceof Error && depth < 5; at = at.cause, depth++) {
    const found = classifyError(at);
    if (found !== null) return found;
  }
  return null;
}

function classifyError(error: Error): Outage | null {
  const named = OF_NAME[error.name];
  if (named !== undefined) return named;
  const code: unknown = Reflect.get(error, 'code');
  const coded = typeof code === 'string' ? OF_CODE[code] : undefined;
  if (coded !== undefined) return coded;
  const matched = OF_TEXT.find(([text]) => text.test(error.message));
  if (matched !== undefined) return matched[1];
  return isRetriable(error) ? 'server' : null;
}
