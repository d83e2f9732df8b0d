/**
 * `operator_state` -> instruments that were seen on more than one partition.
 *
 * An instrument lives on one partition, whatever partitioner its producer uses: two producers that
 * disagree, or a topic that got more partitions, make two halves of it, each with indicators and
 * positions of its own. No code can mend that; somebody has to mend the producer.
 */
import type { Pool } from 'pg';
import type { NewAlert } from './alerts.ts';

export interface SplitInstrument {
  readonly instrument: string;
  readonly partitions: readonly number[];
}

export async function splitInstruments(pool: Pool, ticks: string): Promise<SplitInstrument[]> {
  const { rows } = await pool.query<SplitInstrument>(
    `SELECT instrument, array_agg(partition ORDER BY partition) AS partitions
     FROM operator_state WHERE stage = 'sink' AND topic = $1
     GROUP BY instrument HAVING count(*) > 1 ORDER BY instrument`,
    [ticks],
  );
  return rows;
}

export const splitAlert = (
  ticks: string,
  { instrument, partitions }: SplitInstrument,
): NewAlert => ({
  key: `split:${ticks}:${instrument}`,
  severity: 'critical',
  subject: instrument,
  message:
    `${instrument} came on partitions ${partitions.join(' and ')} of ${ticks}: its features and ` +
    'positions are computed twice. Have all of its producers use one partitioner ' +
    '(murmur2 of the key, as the Java client does)',
  context: { partitions },
});
