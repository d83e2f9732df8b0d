/** Stored markets -> a due curation run for every end of a period that lacks one. */
import { periodEnds } from '../../pipelines/curation.ts';
import { venueOf } from '../domain/venues.ts';
import { keyOf } from '../domain/wire.ts';
import { addDueRuns, newestDueBySubject } from '../tables/postgres/job-runs.ts';
import type { Context } from './context.ts';
import type { MovedMarket } from './stored-markets.ts';

/** Of a market whose past comes all at once: the newest of them. */
const ENDS_MAX = 100;

/** A period is over once the decisions in it have matured; `nowUs`: the installation's clock. */
export async function scheduleCuration(
  { postgres, config }: Pick<Context, 'postgres' | 'config'>,
  markets: readonly MovedMarket[],
  nowUs: number,
): Promise<void> {
  const newest = await newestDueBySubject(postgres, 'curation', nowUs);
  for (const market of markets) {
    const subject = keyOf(market);
    const latenessUs = venueOf(market.venue).latenessUs ?? config.latenessUs;
    const reachedTs = Math.min(market.reachedTs, nowUs);
    const maturedTs = reachedTs - latenessUs - config.horizonUs;
    const ends = periodEnds(newest.get(subject) ?? market.from_ts, maturedTs);
    for (const end of ends.slice(-ENDS_MAX)) await addDueRuns(postgres, 'curation', [subject], end);
  }
}
