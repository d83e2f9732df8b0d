/**
 * Stored positions and the logs that are there -> which of them do not fit, and taking up a log
 * that is not the one that was read.
 */
import { logEnds } from '../kafka/kafka.ts';
import { readLog } from '../kafka/read-log.ts';
import { judgeLog, toMarker, type LogEnds, type LogMarker } from '../stream/log-marker.ts';
import { setPositions, stagePositions, type StagePosition } from '../postgres/tables/positions.ts';
import type { Context } from './context.ts';

export interface JudgedPosition extends StagePosition {
  /** Null: there is no such topic or partition. */
  readonly ends: LogEnds | null;
  /** What does not fit; null where all does. */
  readonly why: string | null;
}

export interface Looking {
  /** Whether the records are read that the stages have read last; else only the ends are read. */
  readonly reads: boolean;
}

/** Each record is read by a consumer of its own. */
const AT_ONCE = 8;

/** What every stage has stored of the topics (prefix included), held against the logs. */
export async function judgePositions(
  { kafka, postgres }: Context,
  topics: readonly string[],
  { reads }: Looking,
): Promise<JudgedPosition[]> {
  const positions = await stagePositions(postgres, topics);
  const ends = new Map<string, Map<number, LogEnds> | null>();
  for (const topic of new Set(positions.map((of) => of.topic))) {
    ends.set(topic, await logEnds(kafka, topic).catch(() => null));
  }
  const judged: JudgedPosition[] = [];
  const judge = async (of: StagePosition): Promise<JudgedPosition> => {
    const there = ends.get(of.topic)?.get(of.partition) ?? null;
    return { ...of, ends: there, why: await whyNot(kafka, of, there, reads) };
  };
  for (let i = 0; i < positions.length; i += AT_ONCE) {
    judged.push(...(await Promise.all(positions.slice(i, i + AT_ONCE).map(judge))));
  }
  return judged;
}

async function whyNot(
  kafka: Context['kafka'],
  of: StagePosition,
  ends: LogEnds | null,
  reads: boolean,
): Promise<string | null> {
  if (ends === null) return `there is no such partition, and this stage has read to ${of.position}`;
  const byEnds = judgeLog(of, ends, undefined);
  if (byEnds.type === 'stop') return byEnds.why;
  const { marker } = of;
  if (!reads || marker === null || marker.offset < ends.low) return null;
  const found = await lastBelow(kafka, of, marker.offset + 1, marker.offset);
  const byRecord = judgeLog(of, ends, found);
  return byRecord.type === 'stop' ? byRecord.why : null;
}

/** The words for people; one a line. */
export const misfits = (judged: readonly JudgedPosition[]): string[] =>
  judged.flatMap(({ stage, topic, partition, why }) =>
    why === null ? [] : [`${stage} in ${topic}/${partition}: ${why}`],
  );

export type AcceptFrom = 'start' | 'end' | 'position';

/**
 * Where the stages would take up the log that is there: at its start, at its end, or where they
 * stand. Throws where there is no such partition, or the log does not reach where a stage stands.
 */
export async function acceptedPositions(
  { kafka }: Context,
  judged: readonly JudgedPosition[],
  from: AcceptFrom,
): Promise<StagePosition[]> {
  const accepted: StagePosition[] = [];
  for (const { stage, topic, partition, position: before, ends } of judged) {
    const where = `${topic}/${partition}`;
    if (ends === null) throw new Error(`${where} does not exist: tickloom topics create`);
    const { low, high } = ends;
    const position = { start: low, end: high, position: before }[from];
    if (position < low || position > high) {
      throw new Error(
        `${stage} stands at ${position}, and ${where} holds ${low} to ${high}: take --from start ` +
          'or end',
      );
    }
    const of = { stage, topic, partition, position };
    accepted.push({ ...of, marker: await lastBelow(kafka, of, position, low) });
  }
  return accepted;
}

/** Sets what `acceptedPositions` gave. Running stages end, and go on from there. */
export const accept = ({ postgres }: Context, positions: readonly StagePosition[]): Promise<void> =>
  setPositions(postgres, positions);

/** How far back a record is looked for: before it, there are only the ends of transactions. */
const BACK = 100;

/** The last record below an offset, and not below another; null where there is none. */
async function lastBelow(
  kafka: Context['kafka'],
  { topic, partition }: Pick<StagePosition, 'topic' | 'partition'>,
  to: number,
  atLeast: number,
): Promise<LogMarker | null> {
  let last: LogMarker | null = null;
  const from = Math.max(atLeast, to - BACK);
  if (from >= to) return null;
  await readLog(kafka, { topic, partition, from, to }, ({ offset, timestampMs, key, value }) => {
    const text = key === null ? null : key.toString('utf8');
    last = toMarker({ offset, timestampUs: timestampMs * 1000, key: text, value });
  });
  return last;
}
