/**
 * The stream's state of an instrument that has been traded for three days: every window is full,
 * the baseline has learnt, the paper bot has traded. Made by the operators themselves.
 */
import { applyControl, initialControlState } from '../../src/domain/control.ts';
import { toMarketTick } from '../../src/domain/tick.ts';
import { US_PER_DAY, US_PER_S } from '../../src/domain/time.ts';
import type { Config } from '../../src/config/config.ts';
import { controlBot } from '../../src/app/seed.ts';
import { seededRandom } from '../../src/random.ts';
import { encodeState } from '../../src/stream/state-codec.ts';
import { Partitioners } from '../../src/kafka/kafkajs.ts';
import { PostgresCheckpoints } from '../../src/postgres/tables/checkpoints.ts';
import type { Pool } from 'pg';
import { instrumentStream, type InstrumentState } from '../../pipelines/stream/stream.ts';

const DAYS = 3;
const STEP_US = 6 * US_PER_S;

/** The state behind the last trade before `untilTs`. */
export function warmState(config: Config, untilTs: number): InstrumentState {
  const { horizonUs, horizon, latenessUs } = config;
  const chain = instrumentStream({ horizonUs, labelSpec: `direction_${horizon}@1` });
  const state = chain.initial();
  const random = seededRandom(3);
  const control = initialControlState();
  const body = { ...controlBot(config) };
  const bot = { control_id: 'bot', version: 1, type: 'bot', subject: body.bot, body } as const;
  applyControl(control, { kind: 'control', ...bot, hmac: '' });
  const getModel = (): never => {
    throw new Error('no model is in force');
  };
  let price = 60_500;
  let id = 1;
  const of = { venue: 'bench', symbol: 'S0/USD', control, getModel };
  for (let ts = untilTs - DAYS * US_PER_DAY; ts < untilTs - 2 * latenessUs; ts += STEP_US) {
    price = Math.round(100 * (price + 20 * (random() - 0.5) + 0.01 * (60_500 - price))) / 100;
    const side = random() < 0.5 ? 'buy' : 'sell';
    const size = Math.ceil(5_000 * random()) / 1_000;
    const trade = { kind: 'trade', venue: 'bench', symbol: 'S0/USD', side, size, price } as const;
    const tick = toMarketTick({ ...trade, id: String(id++), ts });
    const clocks = { recordUs: ts, clockUs: ts, judgedByUs: ts, barrierUs: 0 };
    const arrival = { tick, ...clocks, latenessUs, contiguousTradeIds: false };
    chain.step(state, { ...of, arrival }, () => undefined);
  }
  return state;
}

/** The bytes of it in a checkpoint, without the ticks that are held and remembered. */
export function bytesBesideHeld(state: InstrumentState): number {
  return encodeState({ ...state, intake: { ...state.intake, held: [] } }).length;
}

/** Checkpoints of the stream in which every instrument has this state. */
export async function seedStates(
  pool: Pool,
  topic: string,
  keys: readonly string[],
  state: InstrumentState,
  partitions: number,
): Promise<void> {
  const bytes = encodeState(state);
  const store = new PostgresCheckpoints(pool, 'stream', 'bench');
  const findPartition = partitioner(topic, partitions);
  for (let partition = 0; partition < partitions; partition++) {
    const own = keys.filter((key) => findPartition(key) === partition);
    const { epoch } = await store.claim(topic, partition);
    const partitionState = encodeState(initialControlState());
    const instrumentStates = new Map(own.map((key) => [key, bytes]));
    await store.save(topic, partition, { epoch, nextOffset: 0, partitionState, instrumentStates });
  }
}

/** As producers choose the partition of a key. */
export function partitioner(topic: string, partitions: number): (key: string) => number {
  const choose = Partitioners.DefaultPartitioner();
  const partitionMetadata = Array.from({ length: partitions }, (_, partitionId) => ({
    partitionId,
    leader: 1,
    partitionErrorCode: 0,
    replicas: [1],
    isr: [1],
  }));
  return (key) => choose({ topic, partitionMetadata, message: { key, value: null } });
}
