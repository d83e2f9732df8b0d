/**
 * The flow as data: every stage and job with what it reads and writes. Topics are created from
 * here; `tickloom flow`, the web page and the table in `docs/architecture.md` are made from it; a
 * test fails on an input that nobody writes.
 */
export interface FlowNode {
  readonly name: string;
  readonly kind: 'feed' | 'stream' | 'job';
  readonly reads: readonly string[];
  readonly writes: readonly string[];
  /** One sentence for people. */
  readonly does: string;
  readonly file: string;
}

export interface TopicSpec {
  readonly name: string;
  /** What the record's key is. */
  readonly key: string;
  readonly maxMessageBytes: number;
}

const MIB = 1024 * 1024;

export const TOPICS: readonly TopicSpec[] = [
  { name: 'ticks', key: 'venue:symbol', maxMessageBytes: MIB },
  { name: 'ticks-backfill', key: 'venue:symbol', maxMessageBytes: MIB },
  { name: 'features', key: 'venue:symbol', maxMessageBytes: MIB },
  { name: 'predictions', key: 'venue:symbol', maxMessageBytes: MIB },
  { name: 'signals', key: 'venue:symbol', maxMessageBytes: MIB },
  { name: 'fills', key: 'account', maxMessageBytes: MIB },
  // Larger than its sources: a dead record is kept whole, with the headers that explain it.
  { name: 'dead-letters', key: 'none', maxMessageBytes: 2 * MIB },
];

export const FLOW: readonly FlowNode[] = [
  {
    name: 'feed',
    kind: 'feed',
    reads: [],
    writes: ['ticks', 'ticks-backfill'],
    does: 'sends ticks of files, generators and exchanges into the log',
    file: 'pipelines/feed/feed.ts',
  },
  {
    name: 'stream',
    kind: 'stream',
    reads: ['ticks'],
    writes: ['features', 'predictions', 'signals', 'fills'],
    does: 'computes candles, features, predictions, signals and paper fills',
    file: 'pipelines/stream/stream.ts',
  },
  {
    name: 'sink',
    kind: 'stream',
    reads: ['ticks', 'ticks-backfill', 'features', 'predictions'],
    writes: ['questdb', 'dead-letters'],
    does: 'stores everything in QuestDB, and notes what was late, corrected or refused',
    file: 'pipelines/sink/sink.ts',
  },
  {
    name: 'trades',
    kind: 'stream',
    reads: ['signals', 'fills'],
    writes: ['postgres', 'dead-letters'],
    does: 'books signals, orders, fills, trades and the ledger, exactly once',
    file: 'pipelines/trades/trades.ts',
  },
  {
    name: 'labels',
    kind: 'job',
    reads: ['questdb'],
    writes: ['questdb'],
    does: 'labels every prediction once its horizon has passed',
    file: 'pipelines/labels/labels.ts',
  },
  {
    name: 'grades',
    kind: 'job',
    reads: ['questdb', 'postgres'],
    writes: ['postgres'],
    does: 'computes what every signal was worth, traded or not',
    file: 'pipelines/grades/grades.ts',
  },
  {
    name: 'quality',
    kind: 'job',
    reads: ['questdb'],
    writes: ['questdb'],
    does: 'computes candles, features and labels again where ticks came late',
    file: 'pipelines/quality/revisions.ts',
  },
  {
    name: 'training',
    kind: 'job',
    reads: ['questdb'],
    writes: ['postgres'],
    does: 'trains a candidate on outcomes, and judges it',
    file: 'pipelines/training/job.ts',
  },
  {
    name: 'review',
    kind: 'job',
    reads: ['questdb', 'postgres'],
    writes: ['postgres'],
    does: 'reviews models on live outcomes; promotes or retires them by control records',
    file: 'pipelines/review/promotion-policy.ts',
  },
  {
    name: 'dataset',
    kind: 'job',
    reads: ['questdb', 'postgres'],
    writes: ['postgres'],
    does: 'builds a requested training set as files',
    file: 'pipelines/dataset/make.ts',
  },
  {
    name: 'retention',
    kind: 'job',
    reads: ['questdb', 'postgres'],
    writes: ['questdb', 'postgres'],
    does: 'deletes what is past its age and not needed any more',
    file: 'pipelines/retention/retention.ts',
  },
  {
    name: 'reports',
    kind: 'job',
    reads: ['questdb', 'postgres'],
    writes: ['postgres'],
    does: 'reports on weeks, months and quarters; raises an alert where too few trades won',
    file: 'pipelines/reports/reports.ts',
  },
  {
    name: 'control',
    kind: 'stream',
    reads: ['postgres'],
    writes: ['ticks'],
    does: 'appends control records to every partition of `ticks`',
    file: 'pipelines/control/outbox.ts',
  },
];
