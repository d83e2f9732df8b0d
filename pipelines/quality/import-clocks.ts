/**
 * features made again of history that was imported -> since when each would have been known
 *
 * A row that the stream never served has no moment of its own. Of plain history it is known since
 * the as-of barrier of the job that made it. Of an import it is known as it would have been had its
 * ticks come by the stream when they claim: since the tick that moved the watermark past its end,
 * and since no tick before it was known later. One tick of the past that was known late, as plain
 * history is, makes all that is computed behind it known as late.
 */
import type { FeaturesOut } from '../stream/features.ts';

export interface KnownTick {
  readonly ts: number;
  readonly knownAt: number;
}

/** One replay, from the first stored tick on. */
export class ImportClocks {
  private readonly latenessUs: number;
  private readonly importedAt: number;
  private waiting: FeaturesOut[] = [];
  private knownAt = 0;

  /** `importedAt`: when the job that makes the rows runs; no set that was made before has them. */
  constructor(latenessUs: number, importedAt: number) {
    this.latenessUs = latenessUs;
    this.importedAt = importedAt;
  }

  /**
   * Takes what a range gave, and its ticks, both in the order of `ts`, each range behind the
   * last; returns what has its moment now, of this range or of one before.
   */
  add(outs: readonly FeaturesOut[], ticks: readonly KnownTick[]): FeaturesOut[] {
    this.waiting.push(...outs);
    const decided: FeaturesOut[] = [];
    let at = 0;
    for (const { ts, knownAt } of ticks) {
      this.knownAt = Math.max(this.knownAt, knownAt, ts);
      for (let out = this.waiting[at]; out !== undefined; out = this.waiting[++at]) {
        if (ts < out.record.ts + this.latenessUs) break;
        const moment = { decided_ts: ts, known_at: this.knownAt, imported_at: this.importedAt };
        decided.push({ ...out, record: { ...out.record, ...moment } });
      }
    }
    this.waiting = this.waiting.slice(at);
    return decided;
  }

  /** What no tick has decided yet: without a moment of its own. */
  rest(): FeaturesOut[] {
    return this.waiting.splice(0);
  }
}
