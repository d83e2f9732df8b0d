/** Every partition of every stage with its position, its end and its owner, to be looked at. */
import type { Place } from '../stream/standstill.ts';
import { ownerEpochs } from '../postgres/tables/epochs.ts';
import type { Context } from './context.ts';

/** Rejects while Kafka is away; owners are unknown while PostgreSQL is. */
export async function stagePlaces(context: Context): Promise<Place[]> {
  const places = await context.flowProbe().places();
  const epochs = await ownerEpochs(context.postgres).catch(() => null);
  return places.map((place) => {
    const { stage, topic, partition } = place;
    return { ...place, epoch: epochs?.get(`${stage} ${topic}/${partition}`) ?? null };
  });
}
