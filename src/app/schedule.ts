/**
 * What is stored of every market and the log's clock -> the runs that are due, in `job_runs`.
 *
 * In live operation a job of a market is due once that market's stored stream has passed its time;
 * another market's time says nothing of it, and nothing is due before the log's clock says so.
 */
import { monotonicMs } from '../clock.ts';
import { floorTo, US_PER_DAY } from '../domain/time.ts';
import { venueLateness } from '../domain/venues.ts';
import { instrumentKey } from '../domain/wire.ts';
import { fireCalendar } from '../../pipelines/review/retrain.ts';
import { addDueRuns, newestDue } from '../postgres/tables/job-runs.ts';
import { reviewedSubjects } from '../postgres/tables/reviews.ts';
import type { Context } from '../runtime/context.ts';
import { DueIndex } from './due-index.ts';
import { installationTime } from '../runtime/installation-time.ts';
import { reviewEveryUs } from '../../pipelines/review/review-every.ts';
import { scheduleReports } from '../../pipelines/reports/schedule.ts';
import { StoredMarkets, type MovedMarket } from '../runtime/stored-markets.ts';

/** While nothing has changed, all markets are gone through so seldom. */
const WHOLE_MS = 600_000;

interface Look {
  readonly markets: readonly MovedMarket[];
  readonly reviewed: number;
  readonly atMs: number;
  /** A market lies ahead of the log's clock: what is due of it goes by that. */
  readonly isAhead: boolean;
}

export class Schedule {
  private readonly index = new DueIndex();
  private readonly stored: StoredMarkets;
  private readonly context: Context;
  private last: Look | null = null;

  constructor(context: Context) {
    this.context = context;
    this.stored = new StoredMarkets(context.postgres, context.questdbReader());
  }

  /** Makes due what is, once. */
  async look(): Promise<void> {
    const { context, stored } = this;
    const nowUs = await installationTime(context);
    if (nowUs === null) return;
    const reviewed = await reviewedSubjects(context.postgres);
    const markets = await stored.all();
    if (markets.length > 0) await this.due('retention', 'all', floorTo(nowUs, US_PER_DAY));
    if (this.isKnown(markets, reviewed.size)) return;
    this.last = null;
    await scheduleReports(context, markets, nowUs);
    for (const market of markets) await this.scheduleMarket(market, nowUs, reviewed);
    const isAhead = markets.some(({ to_ts, reachedTs }) => Math.max(to_ts, reachedTs) > nowUs);
    this.last = { markets, reviewed: reviewed.size, atMs: monotonicMs(), isAhead };
  }

  /** Whether this look cannot find what the last one did not. */
  private isKnown(markets: readonly MovedMarket[], reviewed: number): boolean {
    const { last } = this;
    if (last === null || last.isAhead || monotonicMs() - last.atMs >= WHOLE_MS) return false;
    return last.markets === markets && last.reviewed === reviewed;
  }

  private async scheduleMarket(
    market: MovedMarket,
    nowUs: number,
    reviewed: ReadonlySet<string>,
  ): Promise<void> {
    const { context, index } = this;
    const { config } = context;
    const subject = instrumentKey(market);
    const latenessUs = venueLateness(market.venue, config.latenessUs);
    const passedTs = Math.min(market.to_ts, nowUs) - latenessUs;
    const reviewTs = floorTo(passedTs, reviewEveryUs(config));
    if (reviewed.has(subject) && reviewTs > market.from_ts) {
      await this.due('review', subject, reviewTs);
    }
    const dueTs = floorTo(passedTs, config.retrainEveryUs);
    if (dueTs <= market.from_ts) return;
    await this.due('quality', subject, dueTs);
    await index.once('training', subject, dueTs, () => fireCalendar(context, subject, dueTs));
  }

  private due(job: string, subject: string, ts: number): Promise<void> {
    const { postgres } = this.context;
    return this.index.once(job, subject, ts, async () => {
      const newest = await newestDue(postgres, job, subject, ts);
      if (newest === null || newest < ts) await addDueRuns(postgres, job, [subject], ts);
    });
  }
}
