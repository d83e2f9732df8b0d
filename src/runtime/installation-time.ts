/** The installation's clock, as the log says it: the lowest that any partition has passed. */
import { installationClock } from '../postgres/tables/log-clocks.ts';
import { readSetting } from '../postgres/tables/settings.ts';
import type { Context } from './context.ts';
import type { Partitions } from './partition-guard.ts';

/**
 * Microseconds; null while a partition of `ticks` has passed no clock yet. What falls due, what may
 * go and where an as-of barrier may lie is bounded by it, whatever any tick or record says of its
 * own time.
 */
export async function installationTime({
  postgres,
  topicName,
}: Pick<Context, 'postgres' | 'topicName'>): Promise<number | null> {
  const ticks = topicName('ticks');
  const agreed = (await readSetting(postgres, 'partitions')) as Partitions | null;
  const partitions = agreed?.[ticks];
  return partitions === undefined ? null : installationClock(postgres, ticks, partitions);
}
