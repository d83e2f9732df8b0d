/**
 * ticks -> the newest control records that the log holds, noted in PostgreSQL
 *
 * The log is what decides, PostgreSQL only says what was sent; one that was restored from an hour
 * ago would give versions a second time, and the log takes only what is newer. So whoever sends
 * reads first what came since the last place that PostgreSQL knows.
 */
import type { Kafka } from 'kafkajs';
import type { Pool } from 'pg';
import { Compile } from 'typebox/compile';
import { logEnds } from '../../src/kafka/kafka.ts';
import { readLog, type ReadRecord } from '../../src/kafka/read-log.ts';
import { Control } from '../../src/domain/wire.ts';
import type { VerifyControl } from '../../src/stream/decode.ts';
import {
  noteScan,
  scanStarts,
  type Versioned,
} from '../../src/postgres/tables/control-versions.ts';

export interface ScanDeps {
  readonly kafka: Kafka;
  readonly postgres: Pool;
  /** `ticks`, prefix included. */
  readonly topic: string;
  readonly verifyControl: VerifyControl;
}

/** Resolves once all of the log at the call is read and noted; with how many records it held. */
export async function scanControls(deps: ScanDeps): Promise<number> {
  const { kafka, postgres, topic } = deps;
  const starts = await scanStarts(postgres, topic);
  const logs = [...(await logEnds(kafka, topic))];
  const found = await Promise.all(
    logs.map(async ([partition, { low, high }]) => {
      const known = starts.get(partition) ?? low;
      // Behind the end: it is another log, of which nothing is known.
      const from = known > high ? low : known;
      const controls: Versioned[] = [];
      await readLog(kafka, { topic, partition, from, to: high }, (record) => {
        const control = parseControl(record);
        if (control !== null && deps.verifyControl(control) === 'ours') controls.push(control);
      });
      return controls;
    }),
  );
  const all = found.flat();
  const everywhere = all
    .map(({ control_id }) => control_id)
    .filter((id) => found.every((some) => some.some(({ control_id }) => control_id === id)));
  const ends = new Map(logs.map(([partition, { high }]) => [partition, high]));
  await noteScan(postgres, { topic, ends, newest: newestVersions(all), everywhere });
  return all.length;
}

const isControl = Compile(Control);

/** What has a key is no control record, and most are such. */
function parseControl({ key, value }: ReadRecord): Versioned | null {
  if (key !== null || value === null) return null;
  try {
    const json: unknown = JSON.parse(value.toString('utf8'));
    return isControl.Check(json) && json.version !== undefined ? (json as Versioned) : null;
  } catch {
    return null;
  }
}

function newestVersions(all: readonly Versioned[]): Versioned[] {
  const newest = new Map<string, Versioned>();
  for (const control of all) {
    const key = JSON.stringify([control.type, control.subject]);
    if ((newest.get(key)?.version ?? 0) < control.version) newest.set(key, control);
  }
  return [...newest.values()];
}
