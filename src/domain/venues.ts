/**
 * What we know of venues. Ids that a venue numbers contiguously show a gap when one is missing;
 * an unknown venue gets the defaults, and nothing is concluded from its ids.
 */
export interface Venue {
  /** Trade ids rise by exactly one. */
  readonly contiguousTradeIds: boolean;
  /** How long this venue's ticks are waited for; null: the installation's setting. */
  readonly latenessUs: number | null;
}

const UNKNOWN: Venue = { contiguousTradeIds: false, latenessUs: null };

const VENUES: Readonly<Record<string, Venue>> = {
  binance: { contiguousTradeIds: true, latenessUs: null },
};

export const findVenue = (name: string): Venue =>
  Object.hasOwn(VENUES, name) ? (VENUES[name] ?? UNKNOWN) : UNKNOWN;

/** How long ticks of a venue are waited for, in microseconds; `usualUs`: the installation's setting. */
export const venueLateness = (venue: string, usualUs: number): number =>
  findVenue(venue).latenessUs ?? usualUs;
