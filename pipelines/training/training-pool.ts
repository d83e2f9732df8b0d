/**
 * The rows of the instruments that a training shares (`TICKLOOM_TRAIN_POOL`), as known at its as-of
 * barrier. A member that nothing is graded of yet is left out.
 */
import { must } from '../../src/assert.ts';
import { loadTrainingSet, type LoadRequest } from '../dataset/load.ts';
import { parseInstrumentKey } from '../../src/domain/wire.ts';
import type { PooledInstrument } from '../../src/learning/pool.ts';
import type { Context } from '../../src/runtime/context.ts';
import { drainedAndGraded } from '../control/as-of-barrier.ts';

/** The other instruments that a training of `subject` learns from. */
export function poolMembers({ config }: Pick<Context, 'config'>, subject: string): string[] {
  const members = config.trainPool ?? [];
  return members.includes(subject) ? members.filter((each) => each !== subject) : [];
}

/** Of nothing, where `subject` is in no pool. The same request gives the same rows, always. */
export async function trainingPool(
  context: Context,
  subject: string,
  request: Omit<LoadRequest, 'venue' | 'symbol'>,
): Promise<PooledInstrument[]> {
  const pool: PooledInstrument[] = [];
  for (const member of poolMembers(context, subject)) {
    const instrument = must(parseInstrumentKey(member), `"${member}" is an instrument`);
    // What had matured by the as-of barrier counts, however late its label is written.
    await drainedAndGraded(context, member);
    const { rows } = await loadTrainingSet(context.questdbReader(), { ...instrument, ...request });
    if (rows.length > 0) pool.push({ instrument: member, rows });
  }
  return pool;
}
