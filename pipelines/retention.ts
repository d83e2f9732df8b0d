/**
 * the age of QuestDB's partitions -> which of them may go
 *
 * Only whole partitions, only past the age that is set for their table, and never one that a
 * decision still waiting for its label needs. Without a setting everything is kept.
 */
export interface Partition {
  readonly table: string;
  readonly name: string;
  /** The newest `ts` in it. */
  readonly maxTs: number;
}

export interface RetentionRequest {
  readonly partitions: readonly Partition[];
  /** Age in microseconds by table; a table that is not named is kept. */
  readonly maxAgeUs: Readonly<Record<string, number>>;
  /** Event time now. */
  readonly nowUs: number;
  /** Everything from here on is still needed. */
  readonly neededFromUs: number;
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
  return Math.min(nowUs - Math.max(...horizonsUs), ...pending.map(({ from_ts }) => from_ts));
}

export function expiredPartitions(request: RetentionRequest): Partition[] {
  const { maxAgeUs, nowUs, neededFromUs } = request;
  return request.partitions.filter(({ table, maxTs }) => {
    const age = maxAgeUs[table];
    return age !== undefined && maxTs < nowUs - age && maxTs < neededFromUs;
  });
}
