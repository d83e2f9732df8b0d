/** Data sets' manifests and the bundled sample -> the ranges that retention leaves alone. */
import { basename, join } from 'node:path';
import type { Pool } from 'pg';
import type { NamedRange } from './retention.ts';
import { PROJECT_DIR } from '../../src/code-files.ts';
import { parseUs, US_PER_DAY } from '../../src/domain/time.ts';
import { instrumentKey } from '../../src/domain/wire.ts';
import { sampleFiles } from '../../src/feeds/sample.ts';
import { readSetting } from '../../src/postgres/tables/settings.ts';

/** What is read of a manifest, of whatever version. */
interface NamingManifest {
  readonly instruments?: readonly string[];
  readonly subject?: string;
  readonly from?: string | null;
  readonly to?: string | null;
  readonly as_of: string;
}

/** Set by `curate clean --include-named`: then a manifest or the sample keeps nothing. */
export const DROPS_NAMED = 'retention_drops_named';

/** `horizonUs`: the last decision of a set was graded by ticks up to so much later. */
export async function namedRanges(pool: Pool, horizonUs: number): Promise<NamedRange[]> {
  if ((await readSetting(pool, DROPS_NAMED)) === true) return [];
  const { rows } = await pool.query<{ manifest: NamingManifest }>('SELECT manifest FROM datasets');
  return [sampleRange(), ...rows.map(({ manifest }) => namedRange(manifest, horizonUs))];
}

/** One of own requests has no range: whatever was known by its `as_of` may be of it. */
function namedRange(
  { instruments, subject, from, to, as_of }: NamingManifest,
  horizonUs: number,
): NamedRange {
  return {
    instruments: new Set(instruments ?? (subject === undefined ? [] : [subject])),
    fromTs: from === null || from === undefined ? 0 : parseUs(from),
    toTs: parseUs(to ?? as_of) + horizonUs,
  };
}

function sampleRange(): NamedRange {
  const sample = sampleFiles(join(PROJECT_DIR, 'data', 'sample'));
  const days = sample.paths.map((path) =>
    parseUs(basename(path).replace(/^(\d{4})(\d\d)(\d\d).*$/, '$1-$2-$3')),
  );
  return {
    instruments: new Set([instrumentKey(sample)]),
    fromTs: Math.min(...days),
    toTs: Math.max(...days) + US_PER_DAY,
  };
}
