/**
 * The synthetic market of this installation: made once, the same ever after, always going on
 *
 * It began some days before the first start. A later start makes it again from its seed, leaves out
 * what the tables have, replays what was missed, and goes on live.
 */
import type { Pool } from 'pg';
import { nowUs, sleep } from '../../src/clock.ts';
import type { FeedTick } from './feed.ts';
import { floorTo, US_PER_DAY, US_PER_S } from '../../src/domain/time.ts';
import { mergedTrades } from '../../src/market/merged.ts';
import { DEFAULT_RATE } from '../../src/market/synthetic.ts';
import { readSetting, writeSetting } from '../../src/postgres/tables/settings.ts';
import type { Context } from '../../src/runtime/context.ts';

export const SYNTHETIC_VENUE = 'synthetic';
const SYMBOL = 'LOOM/USD';
const SEED = 42;
const PAST_DAYS = 14;
/** Less than this behind is no replay: the live market catches up by itself. */
const LIVE_US = 60 * US_PER_S;

interface MarketSetting {
  readonly seed: number;
  readonly symbol: string;
  readonly from_us: number;
}

export interface LiveMarket {
  readonly symbol: string;
  readonly behindUs: number;
  /** From the last stored tick to the time of the call. */
  pastTicks(): Iterable<FeedTick>;
  /** From there on, each when its time has come; ends when the signal is aborted. */
  liveTicks(signal: AbortSignal): AsyncIterable<FeedTick>;
}

export async function liveMarket(context: Context): Promise<LiveMarket> {
  const { seed, symbol, from_us: fromUs } = await marketSetting(context.postgres);
  const [row] = await context
    .questdbReader()
    .query<{ ts: number | null }>(
      'SELECT max(ts) AS ts FROM ticks WHERE venue = $1 AND symbol = $2',
      [SYNTHETIC_VENUE, symbol],
    );
  const lastTs = row?.ts ?? fromUs;
  const market = {
    seed,
    venue: SYNTHETIC_VENUE,
    symbols: [symbol],
    fromUs,
    rate: DEFAULT_RATE,
    edge: 'planted' as const,
  };
  let skipToUs = lastTs;
  return {
    symbol,
    behindUs: Math.max(0, nowUs() - lastTs - LIVE_US),
    pastTicks: () => {
      const toUs = nowUs();
      const from = skipToUs;
      // The last stored tick comes once more and is a duplicate: nothing can be missed.
      skipToUs = toUs;
      return mergedTrades({ ...market, toUs, skipToUs: from });
    },
    liveTicks: async function* (signal) {
      for (const entry of mergedTrades({ ...market, toUs: Infinity, skipToUs })) {
        const waitMs = (entry.tick.ts - nowUs()) / 1000;
        if (waitMs > 0) await sleep(waitMs, signal);
        if (signal.aborted) return;
        yield entry;
      }
    },
  };
}

async function marketSetting(postgres: Pool): Promise<MarketSetting> {
  const found = await readSetting(postgres, 'synthetic_market');
  if (found !== null) return found as MarketSetting;
  const from_us = floorTo(nowUs(), US_PER_DAY) - PAST_DAYS * US_PER_DAY;
  const made = { seed: SEED, symbol: SYMBOL, from_us };
  await writeSetting(postgres, 'synthetic_market', made);
  return made;
}
