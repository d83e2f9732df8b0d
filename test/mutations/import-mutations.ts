/** Mutations of what an import may claim, and of who believes it. */
import { mutation, testsIn, type Mutation } from './mutation.ts';

const INGEST = 'pipelines/stream/ingest.ts';
const imported = testsIn('test/pipelines/stream/imports.test.ts', 'an imported record');
const computed = testsIn(
  'test/pipelines/stream/imports.test.ts',
  'what is computed of imported records',
);
const label = testsIn('test/pipelines/stream/imports.test.ts', 'a label');
const FLOW = {
  file: 'test/flow/datasets.long.test.ts',
  name: 'a recording of the past is known in its own time, if it says so',
};

export const IMPORT_MUTATIONS: readonly Mutation[] = [
  mutation(
    'import-floored-by-the-cut',
    imported('is known since when it claims, and any other since the last as-of barrier'),
    INGEST,
    '  importedAt === undefined || importedAt === null ? barrierUs + 1 : 0;',
    '  importedAt === undefined ? 0 : barrierUs + 1;',
  ),
  mutation(
    'import-before-the-last-cut',
    imported(
      'came by the clock of the log, the next one where there was none, behind the last as-of barrier',
    ),
    INGEST,
    '(isImported ? Math.max(clockUs || judgedByUs, barrierUs + 1) : null);',
    '(isImported ? clockUs || judgedByUs : null);',
  ),
  mutation(
    'late-import-backdated',
    imported('that comes behind the watermark, or contradicts, is known of since it came'),
    INGEST,
    'const notedAt = Math.max(knownAt, barrierUs + 1);',
    'const notedAt = knownAt;',
  ),
  mutation(
    'history-of-an-import-not-found',
    imported('of history has its own clock, and the job that looks for history still finds it'),
    INGEST,
    'const notedAt = Math.max(knownAt, cameAt ?? 0, barrierUs + 1);',
    'const notedAt = knownAt;',
  ),
  mutation(
    'import-untold-by-features',
    computed('has the known_at of the deciding tick, and says when that came'),
    'pipelines/stream/features.ts',
    'moment.importedAt === undefined ? {}',
    'moment.importedAt !== 0 ? {}',
  ),
  mutation(
    'import-untold-by-predictions',
    computed('has the known_at of the deciding tick, and says when that came'),
    'pipelines/stream/predictions.ts',
    'imported_at === undefined ? {}',
    'imported_at !== 0 ? {}',
  ),
  mutation(
    'import-preferred-to-a-live-record',
    label('is of an import where one showed it first, and not where a live record did at once'),
    'pipelines/grades/grading.ts',
    'a.knownAt < b.knownAt || (a.knownAt === b.knownAt && (a.importedAt ?? null) === null);',
    'a.knownAt <= b.knownAt;',
  ),
  mutation(
    'any-header-is-an-import',
    { file: 'test/kafka/records.test.ts', name: 'another value' },
    'src/domain/imported.ts',
    'value.toString() === IMPORTED;',
    'value.toString() !== IMPORTED_HEADER;',
  ),
  mutation(
    'headers-always-read',
    {
      file: 'test/kafka/records.test.ts',
      name: 'headers of a message without any are not read',
    },
    'src/kafka/records.ts',
    'fetched.hasHeaders && isImportMark',
    'isImportMark',
  ),
  mutation(
    'claim-rounded-down',
    {
      file: 'test/feeds/known-at.test.ts',
      name: 'a file is fed with the times of its column, never rounded to before them',
    },
    'src/feeds/known-at.ts',
    'Math.ceil(Math.max(receivedUs, tick.ts) / US_PER_MS)',
    'Math.floor(Math.max(receivedUs, tick.ts) / US_PER_MS)',
  ),
  mutation(
    'late-known-history-forgotten',
    {
      file: 'test/pipelines/quality/import-clocks.test.ts',
      name: 'a tick of the past that was known late makes all behind it known as late',
    },
    'pipelines/quality/import-clocks.ts',
    'Math.max(this.knownAt, knownAt, ts);',
    'Math.max(knownAt, ts);',
  ),
  mutation(
    'later-imports-in-an-old-set',
    FLOW,
    'pipelines/dataset/imports.ts',
    "    ? 'imported_at IS NULL'",
    "    ? '(imported_at IS NULL OR imported_at > 0)'",
  ),
  mutation(
    'imports-of-any-time',
    FLOW,
    'pipelines/dataset/imports.ts',
    "imported_at <= '${formatUs(parseUs(importedBy))}')`;",
    "imported_at >= '${formatUs(parseUs(importedBy) && 0)}')`;",
  ),
  mutation(
    'parity-with-imports',
    FLOW,
    'pipelines/quality/replay-check.ts',
    'const rows = ours.filter(({ imported_at = null }) => imported_at === null);',
    'const rows = ours.filter(({ imported_at = null }) => imported_at !== 0);',
  ),
];
