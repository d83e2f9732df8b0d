/** Mutations of the hops: what is written, in which order, and who may still write. */
import { mutation, testsIn, type Mutation } from './mutation.ts';

const SINK = 'pipelines/sink/sink-task.ts';
const STREAM = 'pipelines/stream/stream-task.ts';
const CLAIMED = 'src/stream/claimed-task.ts';
const CONSUMER = 'src/kafka/consumer.ts';
const CHECKPOINTS = 'src/postgres/tables/checkpoints.ts';
const KEY_SQL = 'DEDUP UPSERT KEYS(ts, venue, symbol, id)';
const crashes = testsIn('test/simulation/simulation.test.ts', 'crashes, zombies and rebalances');
const NOTHING_LEFT = crashes('leave nothing behind, from seed 0 on');
const schema = testsIn('test/questdb/tables/schema.test.ts', 'the SQL files and the code');
const effects = testsIn('test/pipelines/sink/sink.test.ts', 'the effects of a batch');
const late = testsIn('test/pipelines/sink/sink.test.ts', 'a late tick');
const encoder = testsIn('test/questdb/ilp-encoder.test.ts', 'makes the bytes of the client');
const savedLater = (stage: string) => ({
  file: `test/pipelines/${stage}/${stage}-task.test.ts`,
  name: `a checkpoint of the ${stage} that failed leaves all that changed to the next one`,
});
/** Of the same line for every stage. */
const forgottenTooSoon = [
  CLAIMED,
  '    this.endIfFenced(await',
  '    this.saved();\n    this.endIfFenced(await',
] as const;
const retention = testsIn('test/pipelines/retention/retention.test.ts', 'retention');
const writer = testsIn('test/integration/questdb.int.test.ts', 'the writer');
const checkpoints = testsIn('test/integration/checkpoints.int.test.ts', 'checkpoints');
const consumer = testsIn('test/integration/consumer.int.test.ts', 'a consumer');
const labelsJob = testsIn('test/integration/labels.int.test.ts', 'labels');

const ZOMBIE = checkpoints('of a process that lost its partition change nothing');

export const STORAGE_MUTATIONS: readonly Mutation[] = [
  mutation(
    'dedup-key-of-the-table',
    schema('ticks has the same columns, order, types and key in both'),
    'sql/questdb/ticks.sql',
    KEY_SQL,
    '',
  ),
  mutation(
    'tick-before-its-verdict',
    effects('begin with what is said about ticks, and gather the rows that were refused'),
    'pipelines/sink/effects.ts',
    `  await put(qualityEvents, rows.quality_events);
  await put(ticks, rows.ticks);`,
    `  await put(ticks, rows.ticks);
  await put(qualityEvents, rows.quality_events);`,
  ),
  mutation(
    'verdict-given-anew',
    late('keeps the verdict that its own source got before'),
    'pipelines/sink/sink.ts',
    `if (earlier?.kind === 'late') return { verdict: 'late', event: earlier };`,
    '',
  ),
  mutation(
    'text-without-escapes',
    encoder('ticks'),
    'src/questdb/ilp-bytes.ts',
    `for (const character of '"\\\\\\n\\r') ESCAPED`,
    `for (const character of '\\\\\\n\\r') ESCAPED`,
  ),
  mutation(
    'label-shown-by-what-came-late',
    labelsJob('are known since the record that showed them, whatever came late before it'),
    'pipelines/grades/grading-input.ts',
    'for (let next = first; next !== null;) {',
    'for (let next = first; next !== null && first === null;) {',
  ),
  mutation(
    'needed-partition-dropped',
    retention('keeps what a decision without its label still needs'),
    'pipelines/retention/retention.ts',
    ' && maxTs < neededFromUs',
    '',
  ),
  mutation(
    'partition-dropped-too-young',
    retention('drops whole partitions past their age, of tables that have one'),
    'pipelines/retention/retention.ts',
    'Math.max(maxTs, writtenUs) < nowUs - age',
    'Math.max(maxTs, writtenUs) <= nowUs - age',
  ),
  mutation(
    'states-of-the-stream-forgotten-before-they-are-saved',
    savedLater('stream'),
    ...forgottenTooSoon,
  ),
  mutation(
    'states-of-the-sink-forgotten-before-they-are-saved',
    savedLater('sink'),
    ...forgottenTooSoon,
  ),
  mutation(
    'stream-commits-before-it-appends',
    NOTHING_LEFT,
    STREAM,
    '    if (out.length > 0) await withHeartbeat(this.deps.log.append(out), heartbeat);',
    `    this.isLookingAhead = taken < records.length;
    this.position = records[taken]?.offset ?? must(records.at(-1)).offset + 1;
    await this.checkpoint();
    if (out.length > 0) await withHeartbeat(this.deps.log.append(out), heartbeat);`,
  ),
  mutation(
    'sink-commits-before-it-writes',
    NOTHING_LEFT,
    SINK,
    '    await this.write(batch.rows, batch, heartbeat);\n    if (batch.late',
    `    this.position = must(records.at(-1)).offset + 1;
    await this.checkpoint();
    await this.write(batch.rows, batch, heartbeat);
    if (batch.late`,
  ),
  mutation(
    'tick-before-its-model-is-loaded',
    NOTHING_LEFT,
    STREAM,
    'await withHeartbeat(this.loadModel(model), heartbeat);',
    'void withHeartbeat(this.loadModel(model), heartbeat).catch(() => undefined);',
  ),
  mutation(
    'resolved-before-its-models-are-loaded',
    NOTHING_LEFT,
    STREAM,
    'await task.loadModels();',
    'void task.loadModels().catch(() => undefined);',
  ),
  mutation(
    'resolved-before-its-state-is-loaded',
    NOTHING_LEFT,
    'pipelines/stream/tick-task.ts',
    '      instrumentStates,\n',
    '      new Map(),\n',
  ),
  mutation(
    'dead-letters-not-acknowledged',
    NOTHING_LEFT,
    SINK,
    'await log.append(dead);',
    'void log.append(dead).catch(() => undefined);',
  ),
  mutation(
    'watermark-told-before-the-rows-are-stored',
    NOTHING_LEFT,
    SINK,
    '    await this.write(batch.rows, batch, heartbeat);\n    if (batch.late',
    `    await this.announce();
    await this.write(batch.rows, batch, heartbeat);
    if (batch.late`,
  ),
  mutation(
    'late-ticks-judged-too-soon',
    NOTHING_LEFT,
    'pipelines/sink/late-events.ts',
    `await reader.waitApplied(['ticks', 'quotes', 'quality_events']);`,
    '',
  ),
  mutation(
    'zombie-goes-on',
    NOTHING_LEFT,
    CLAIMED,
    `if (outcome === 'fenced') throw new FencedError(stage, topic, partition);`,
    '',
  ),
  {
    name: 'dedup-key',
    patches: [
      { file: 'sql/questdb/quotes.sql', find: KEY_SQL, replace: '' },
      {
        file: 'src/questdb/tables/quotes.ts',
        find: `keys: ['ts', 'venue', 'symbol', 'id']`,
        replace: 'keys: []',
      },
    ],
    breaks: writer('keeps one row per key over replays, out of order, with the last content'),
  },
  mutation(
    'neighbours-of-a-refused-row-dropped',
    writer('gives back the rows that the columns cannot hold, and writes the others'),
    'src/questdb/writer.ts',
    'return [...first, ...(await this.#send(table, rows.slice(half), options))];',
    'return first;',
  ),
  mutation(
    'epoch-of-checkpoints',
    ZOMBIE,
    CHECKPOINTS,
    'AND partition = $3 AND epoch = $4`,',
    'AND partition = $3 AND $4::bigint >= 0`,',
  ),
  mutation(
    'claim-without-a-new-epoch',
    ZOMBIE,
    CHECKPOINTS,
    'SET epoch = checkpoints.epoch + 1,',
    'SET epoch = checkpoints.epoch,',
  ),
  mutation(
    'states-outside-of-their-transaction',
    checkpoints('that fail half way leave the position and every state as they were'),
    CHECKPOINTS,
    'const { rowCount } = await client.query(',
    'const { rowCount } = await this.pool.query(',
  ),
  mutation(
    'watermark-moves-back',
    labelsJob('a watermark never moves back'),
    'src/postgres/tables/stored-watermarks.ts',
    'SET reached_ts = greatest(w.reached_ts, excluded.reached_ts),',
    'SET reached_ts = excluded.reached_ts,',
  ),
  mutation(
    'partition-not-sought',
    consumer('goes on where the task stands, although the group has come further'),
    'src/kafka/log-guard.ts',
    'this.consumer.seek({ topic, partition, offset: String(offset) });',
    '',
  ),
  {
    name: 'loss-not-noticed',
    breaks: consumer('ends when the log no longer holds what the task needs'),
    // Noticed by what the log holds, and again by where a fetch begins.
    patches: [
      { file: 'src/stream/log-marker.ts', find: 'if (low > position)', replace: 'if (low < 0)' },
      { file: CONSUMER, find: 'if (found <= next) return;', replace: 'if (found > -1) return;' },
    ],
  },
  mutation(
    'committed-before-it-is-announced',
    consumer('commits no offset before the task has told how far it came'),
    CONSUMER,
    'if (!(await open.announce()) || !this.isHeld(open)) return;',
    'void open.announce();',
  ),
];
