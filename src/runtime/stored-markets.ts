/**
 * What is stored of every market, for repeated queries: the tables are read whole once,
 * then only from where those markets stood that have moved since.
 */
import type { Pool } from 'pg';
import { monotonicMs } from '../clock.ts';
import { instrumentKey } from '../domain/wire.ts';
import { watermarkChanges, type StoredMarket } from '../postgres/tables/watermark-changes.ts';
import {
  storedInstruments,
  storedInstrumentsSince,
  type StoredInstrument,
} from '../questdb/tables/stored-ticks.ts';
import type { SqlReader } from '../questdb/table.ts';

/** What a watermark vouches for is written; to be read it may take so long. */
const APPLIED_MS = 60_000;

export interface MovedMarket extends StoredInstrument {
  /** Up to which event time all of it was stored at the last look. */
  readonly reachedTs: number;
}

export class StoredMarkets {
  private readonly known = new Map<string, StoredInstrument>();
  private readonly moved = new Map<string, { reachedTs: number; sinceMs: number }>();
  private readonly firstMs = new Map<string, number>();
  /** Nothing is new of them unless they change. */
  private rested: readonly StoredMarket[] | null = null;
  private found: readonly MovedMarket[] = [];
  private readonly watermarks: () => Promise<readonly StoredMarket[]>;
  private readonly reader: SqlReader;

  constructor(postgres: Pool, reader: SqlReader) {
    this.watermarks = watermarkChanges(postgres);
    this.reader = reader;
  }

  /**
   * Each with its first and last `ts`; the very same list while nothing has changed. `trades` and
   * `quotes` are those of the last look alone.
   */
  async all(): Promise<readonly MovedMarket[]> {
    const watermarks = await this.watermarks();
    if (watermarks === this.rested) return this.found;
    const now = monotonicMs();
    let [sinceTs, isNew] = [Infinity, false];
    const mayBeTickless = (key: string): boolean =>
      now - (this.firstMs.get(key) ?? now) > APPLIED_MS;
    for (const market of watermarks) {
      const key = instrumentKey(market);
      let seen = this.moved.get(key);
      if (seen === undefined || seen.reachedTs !== market.reachedTs) {
        seen = { reachedTs: market.reachedTs, sinceMs: now };
        this.moved.set(key, seen);
        if (!this.firstMs.has(key)) this.firstMs.set(key, now);
      }
      if (now - seen.sinceMs > APPLIED_MS) continue;
      const known = this.known.get(key);
      // One of heartbeats alone is no reason to read all again and again.
      isNew ||= known === undefined && !mayBeTickless(key);
      sinceTs = Math.min(sinceTs, known?.to_ts ?? seen.reachedTs);
    }
    if (sinceTs < Infinity) {
      const { reader } = this;
      const instruments = isNew
        ? storedInstruments(reader)
        : storedInstrumentsSince(reader, sinceTs);
      for (const found of await instruments) this.take(found);
      this.found = [...this.known].map(([key, market]) => ({
        ...market,
        reachedTs: this.moved.get(key)?.reachedTs ?? 0,
      }));
    }
    this.rested = sinceTs === Infinity ? watermarks : null;
    return this.found;
  }

  private take(found: StoredInstrument): void {
    const before = this.known.get(instrumentKey(found));
    const [from_ts, to_ts] = [before?.from_ts ?? Infinity, before?.to_ts ?? -Infinity];
    this.known.set(instrumentKey(found), {
      ...found,
      from_ts: Math.min(found.from_ts, from_ts),
      to_ts: Math.max(found.to_ts, to_ts),
    });
  }
}
