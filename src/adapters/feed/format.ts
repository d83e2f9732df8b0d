/** What a file format is: a path and the flags in, ticks in file order out. */
import type { Tick } from '../../domain/wire.ts';

export interface FormatOptions {
  readonly venue: string;
  readonly symbol: string;
  /** UTC day of files whose times count from midnight: `2014-05-01`. */
  readonly date?: string | undefined;
}

export interface FileTick {
  readonly tick: Tick;
  /** When the recorder received it; where the file does not say, the event time. */
  readonly receivedUs: number;
}

export type FeedFormat = (path: string, options: FormatOptions) => AsyncGenerator<FileTick>;
