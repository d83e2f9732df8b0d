/**
 * Ids for ticks of venues that give none: the ordinal among the instrument's ticks of that kind
 * with that `ts`, an exact repeat of its predecessor not counted (it gets its predecessor's id and
 * is recognised as the duplicate that it is). The same file always gets the same ids.
 */
import { instrumentKey, type Tick } from './wire.ts';

interface Last {
  readonly ts: number;
  readonly content: string;
  readonly ordinal: number;
}

/** Gives ids to a stream of ticks in file order; ticks that have one keep it. */
export class TickIds {
  private readonly last = new Map<string, Last>();

  assign<T extends Tick>(tick: T): T {
    if (typeof tick.id === 'string') return tick;
    const key = `${tick.kind}|${instrumentKey(tick)}`;
    const content = contentKey(tick);
    const last = this.last.get(key);
    let ordinal = 0;
    if (last?.ts === tick.ts) ordinal = last.content === content ? last.ordinal : last.ordinal + 1;
    this.last.set(key, { ts: tick.ts, content, ordinal });
    return { ...tick, id: String(ordinal) };
  }
}

/** As numbers: `"1.50"` and `1.5` are the same content, here as in what is stored. */
function contentKey(tick: Tick): string {
  if (tick.kind === 'trade') return `${Number(tick.price)}|${Number(tick.size)}|${tick.side ?? ''}`;
  const { bid, ask, bid_size: bidSize, ask_size: askSize } = tick;
  return [bid, ask, bidSize, askSize].map((each) => Number(each ?? NaN)).join('|');
}
