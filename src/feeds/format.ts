/** What a file format is: lines and the flags in, candidates for ticks or problems out. */
import type { TickKind } from '../stream/check-tick.ts';
import type { Tick } from '../domain/wire.ts';
import type { Line } from './lines.ts';

export interface FormatOptions {
  /** Where the file does not say it; "" where neither does. */
  readonly venue: string;
  readonly symbol: string;
  /** UTC day of files whose times count from midnight: `2014-05-01`. */
  readonly date?: string | undefined;
  /** The column that says since when each tick was known (`known-at.ts`); CSV only. */
  readonly knownAt?: string | undefined;
}

export interface FileTick {
  readonly tick: Tick;
  /** When the recorder received it; where the file does not say, the event time. */
  readonly receivedUs: number;
}

/** Something in a line that is not what its format says: it is set apart, the rest is fed. */
export interface LineProblem {
  /** From 1. */
  readonly line: number;
  /** The column or field; null where the line as a whole is wrong. */
  readonly column: string | null;
  readonly reason: string;
  readonly found: string;
}

/** What a line says, before the one check of all ticks. */
export interface Candidate {
  readonly line: number;
  readonly kind: TickKind;
  readonly entry: Readonly<Record<string, unknown>>;
  /** Null: the event time. */
  readonly receivedUs: number | null;
  /** Of the time, as the file has it: for messages. */
  readonly time: { readonly column: string; readonly found: string };
}

export type Parsed = Candidate | LineProblem;

/** The text of one file, or of one member of an archive. */
export interface FeedText {
  /** As messages name it: `day.zip/a.csv`. */
  readonly name: string;
  /** Names that may say the day: of the file and of the member. */
  readonly fileNames: readonly string[];
  readonly lines: AsyncIterable<Line>;
}

/** Throws `FeedFileError` where the file as a whole is not of the format. */
export type FeedFormat = (text: FeedText, options: FormatOptions) => AsyncGenerator<Parsed>;

/** A file that is refused whole, or cannot be read on. */
export class FeedFileError extends Error {
  override readonly name = 'FeedFileError';

  constructor(message: string, options?: ErrorOptions) {
    super(printable(message), options);
  }
}

/** A file's bytes must not steer the terminal on which they are shown. */
export const printable = (text: string): string =>
  text.replace(
    /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu,
    (c) => `\\u{${(c.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}}`,
  );
