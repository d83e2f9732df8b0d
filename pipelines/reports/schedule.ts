/** Stored markets -> a due run of reports for every end of a period that lacks one. */
import { periodEnds } from './reports.ts';
import { venueLateness } from '../../src/domain/venues.ts';
import { instrumentKey } from '../../src/domain/wire.ts';
import { addDueRuns, newestDueBySubject } from '../../src/postgres/tables/job-runs.ts';
import type { Context } from '../../src/runtime/context.ts';
import type { MovedMarket } from '../../src/runtime/stored-markets.ts';

/** Of a market whose past comes all at once: the newest of them. */
const ENDS_MAX = 100;

/** A period is over once the decisions in it have matured; `nowUs`: the installation's clock. */
export async function scheduleReports(
  { postgres, config }: Pick<Context, 'postgres' | 'config'>,
  markets: readonly MovedMarket[],
  nowUs: number,
): Promise<void> {
  const newest = await newestDueBySubject(postgres, 'reports', nowUs);
  for (const market of markets) {
    const subject = instrumentKey(market);
    const latenessUs = venueLateness(market.venue, config.latenessUs);
    const reachedTs = Math.min(market.reachedTs, nowUs);
    const maturedTs = reachedTs - latenessUs - config.horizonUs;
    const ends = periodEnds(newest.get(subject) ?? market.from_ts, maturedTs);
    for (const end of ends.slice(-ENDS_MAX)) await addDueRuns(postgres, 'reports', [subject], end);
  }
}
