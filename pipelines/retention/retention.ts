/**
 * the age of QuestDB's partitions -> which of them may go
 *
 * Only whole partitions, only past the age that is set for their table, and only where every clock
 * agrees that they are old:
 *
 * - the installation's, counted from the later of a partition's event times and the time at which
 *   its newest row was written: history that was fed yesterday is one day old;
 * - the own time of every market in it, unless that market has been silent for longer than the
 *   age: a replay of 2014 is not old because another market lives today.
 *
 * Never one that a decision still waiting for its label needs, and none that is named: by a data
 * set's manifest, or as the sample that comes with the project. Without a setting all is kept.
 */
export interface Partition {
  readonly table: string;
  readonly name: string;
  /** The oldest and the newest `ts` in it. */
  readonly minTs: number;
  readonly maxTs: number;
  /** When its newest row was written, by the log's clock; null: nobody has noted it. */
  readonly writtenUs: number | null;
}

export interface MarketTime {
  /** How far its event time has come. */
  readonly reachedTs: number;
  /** When it last came further, by the log's clock; null: nobody has noted it. */
  readonly movedUs: number | null;
}

/** A range of instruments, both ends included; null: of all of them. */
export interface NamedRange {
  readonly instruments: ReadonlySet<string> | null;
  readonly fromTs: number;
  readonly toTs: number;
}

export interface RetentionRequest {
  /** Age in microseconds by table; a table that is not named is kept. */
  readonly maxAgeUs: Readonly<Record<string, number>>;
  /** The installation's clock. */
  readonly nowUs: number;
  /** Everything from here on is still needed. */
  readonly neededFromUs: number;
  readonly named: readonly NamedRange[];
  /** By instrument. */
  readonly markets: ReadonlyMap<string, MarketTime>;
}

/**
 * From when on something is still needed: by decisions whose longest horizon is not over at
 * `nowUs`, and by the oldest of each kind of decision that waits for its label. Microseconds.
 */
export function neededFrom(
  nowUs: number,
  horizonsUs: readonly number[],
  pending: readonly { readonly from_ts: number }[],
): number {
  return pending.reduce(
    (oldest, { from_ts }) => Math.min(oldest, from_ts),
    nowUs - Math.max(...horizonsUs),
  );
}

/**
 * Whether a partition may be old: by all that is known of it without reading it. Who is in it has
 * to be read only then.
 */
export function isOldByClock(partition: Partition, request: RetentionRequest): boolean {
  const { table, maxTs, writtenUs } = partition;
  const { maxAgeUs, nowUs, neededFromUs } = request;
  const age = maxAgeUs[table];
  if (age === undefined || writtenUs === null) return false;
  return Math.max(maxTs, writtenUs) < nowUs - age && maxTs < neededFromUs;
}

/** Whether it may go; `instruments`: the markets that have rows in it. */
export function mayGo(
  partition: Partition,
  instruments: readonly string[],
  request: RetentionRequest,
): boolean {
  if (!isOldByClock(partition, request)) return false;
  const { minTs, maxTs, table } = partition;
  const { named, markets, nowUs, maxAgeUs } = request;
  const age = maxAgeUs[table] ?? Infinity;
  const isNamed = named.some(
    ({ instruments: of, fromTs, toTs }) =>
      fromTs <= maxTs && toTs >= minTs && instruments.some((each) => of?.has(each) ?? true),
  );
  if (isNamed) return false;
  return instruments.every((each) => {
    const market = markets.get(each);
    // One that no stage knows of any more will say nothing more.
    if (market === undefined) return true;
    const isSilent = market.movedUs !== null && market.movedUs < nowUs - age;
    return isSilent || maxTs < market.reachedTs - age;
  });
}
