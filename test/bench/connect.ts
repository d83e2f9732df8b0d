/**
 * Ticks of a topic into QuestDB until every row can be read: our sink process beside Kafka Connect
 * with QuestDB's own sink, in turns on the same topic of single records. CPU of the process and of
 * QuestDB together is what counts: a sink can push its work onto the database.
 *
 *   node --import tsx test/bench/connect.ts --connector DIR [--ticks 1000000] [--rounds 3]
 *
 * The first half of the rows is for the compilers of both.
 */
import { parseArgs } from 'node:util';
import { withAdmin } from '../../src/kafka/kafka.ts';
import type { Bed } from '../faults/bed.ts';
import { benchTicks } from './bench-ticks.ts';
import {
  connectPrograms,
  startConnect,
  type ConnectPrograms,
  type ConnectSettings,
} from './connect-worker.ts';
import { median } from './measure.ts';
import { onServers, produce, toRecord, resetStage, spread } from './server-bench.ts';
import { startOurs, verdict } from './server-bench.ts';
import { expectedRows, sayCost, sinkRun, together, type Cost } from './sink-run.ts';

const { values } = parseArgs({
  options: {
    connector: { type: 'string' },
    ticks: { type: 'string', default: '1000000' },
    rounds: { type: 'string', default: '3' },
    instruments: { type: 'string', default: '16' },
  },
});
const WARM_UP = 0.5;
const TABLE = 'ticks_connect';
const CREATE = `CREATE TABLE ${TABLE} (ts TIMESTAMP, kind SYMBOL, venue SYMBOL, symbol SYMBOL,
  side SYMBOL, id VARCHAR, price DOUBLE, size DOUBLE) TIMESTAMP(ts) PARTITION BY DAY WAL
  DEDUP UPSERT KEYS(ts, venue, symbol, id)`;

/** A poll hands the connector so many records, and a request to QuestDB holds as many rows. */
const polls = (rows: number, fetchMb: number): ConnectSettings['worker'] => ({
  'consumer.max.poll.records': String(rows),
  'consumer.max.partition.fetch.bytes': String(fetchMb * 1024 * 1024),
  'consumer.fetch.max.bytes': String(4 * fetchMb * 1024 * 1024),
});

const DOCUMENTED: ConnectSettings = {
  name: 'documented',
  worker: { 'consumer.max.poll.records': '20000' },
  sink: {},
  client: 'auto_flush_rows=20000;',
};
const STATED: readonly ConnectSettings[] = [
  { name: 'quick start', worker: {}, sink: {}, client: '' },
  {
    name: 'polls of 100 000',
    worker: { ...polls(100_000, 16), 'consumer.fetch.min.bytes': '1000000' },
    sink: {},
    client: 'auto_flush_rows=100000;',
  },
  {
    name: 'two tasks',
    worker: polls(50_000, 8),
    sink: { 'tasks.max': '2' },
    client: 'auto_flush_rows=50000;',
  },
];

async function main(): Promise<void> {
  if (values.connector === undefined) {
    console.log(
      'not measured (pass --connector DIR: its zip and a pom.xml of the Connect runtime)',
    );
    return;
  }
  const programs = connectPrograms(values.connector);
  for (const { name, worker, sink, client } of [DOCUMENTED, ...STATED]) {
    const given = Object.entries({ ...worker, ...sink }).map((entry) => entry.join('='));
    console.log(`Kafka Connect, ${name}: ${[...given, client || 'client at defaults'].join(' ')}`);
  }
  console.log(
    '  all: JsonConverter without schemas, -Xmx1g, symbols kind, venue, symbol and side,',
  );
  console.log('  doubles price and size, ts in micros; table with dedup keys like ours');
  const samples = await onServers((bed) => inTurns(bed, programs));
  conclude(samples);
}

async function inTurns(bed: Bed, programs: ConnectPrograms): Promise<Map<string, Cost[]>> {
  const count = Number(values.ticks);
  const ticks = benchTicks({ count, instruments: Number(values.instruments), stepUs: 100 });
  const expected = expectedRows(ticks);
  await produce(bed, ticks.map(toRecord));
  await bed.context.questdbReader().query(CREATE);
  const topic = bed.context.topicName('ticks');
  const samples = new Map<string, Cost[]>();
  const note = (who: string, cost: Cost): void => {
    sayCost(who.padEnd(16), cost);
    samples.set(who, [...(samples.get(who) ?? []), cost]);
  };
  for (let round = 0; round < Number(values.rounds); round++) {
    const ours = async () => {
      await withAdmin(bed.context.kafka, (admin) => resetStage(bed, admin, 'sink'));
      return startOurs(bed, 'sink');
    };
    note('ours', await sinkRun(bed, { table: 'ticks', expected, warmUp: WARM_UP, start: ours }));
    for (const [i, settings] of [DOCUMENTED, ...STATED].entries()) {
      const run = { name: `bench-${round}-${i}`, topic, table: TABLE };
      const start = () => startConnect(bed, programs, settings, run);
      const cost = await sinkRun(bed, { table: TABLE, expected, warmUp: WARM_UP, start });
      note(settings.name, cost);
    }
  }
  return samples;
}

function conclude(samples: ReadonlyMap<string, readonly Cost[]>): void {
  const middleByName = new Map<string, { cpu: number; rate: number }>();
  for (const [who, costs] of samples) {
    const [cpu, rates] = [costs.map(together), costs.map(({ rate }) => rate)];
    middleByName.set(who, { cpu: median(cpu), rate: median(rates) });
    const text = `${spread(cpu)} us CPU/row together, ${spread(rates, 0)} rows/s`;
    console.log(`${who.padEnd(16)} ${text}`);
  }
  const of = (who: string) => middleByName.get(who) ?? { cpu: NaN, rate: NaN };
  const ours = of('ours');
  const peers = [DOCUMENTED, ...STATED].map(({ name }) => of(name));
  const cheapest = Math.min(...peers.map(({ cpu }) => cpu));
  const fastest = Math.max(...peers.map(({ rate }) => rate));
  const documented = of(DOCUMENTED.name);
  verdict('CPU a row, ours / documented', ours.cpu / documented.cpu, { atMost: 0.55 });
  verdict('CPU a row, ours / its cheapest', ours.cpu / cheapest, { atMost: 1 });
  verdict('rows/s, ours / documented', ours.rate / documented.rate, { atLeast: 1 / 0.55 });
  verdict('rows/s, ours / its fastest', ours.rate / fastest, { atLeast: 1 });
}

await main();
process.exit();
