/** What is shown <-> the address behind its `#`, so that it can be kept or sent to somebody. */
import { TIMEFRAMES } from '../domain/candle.ts';

export interface Shown {
  /** `venue:symbol`; null: not given. */
  readonly instrument: string | null;
  readonly timeframe: string;
}

const USUAL = '1m';

export const addressHash = ({ instrument, timeframe }: Shown): string =>
  `#${encodeURIComponent(instrument ?? '')}/${timeframe}`;

/** What cannot be read in a hash counts as not given. */
export function readHash(hash: string): Shown {
  const [key = '', frame = ''] = hash.replace(/^#/, '').split('/');
  const timeframe = TIMEFRAMES.some(({ name }) => name === frame) ? frame : USUAL;
  try {
    return { instrument: key === '' ? null : decodeURIComponent(key), timeframe };
  } catch {
    return { instrument: null, timeframe };
  }
}
