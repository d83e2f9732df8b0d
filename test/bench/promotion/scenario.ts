/**
 * a seed -> what is planted in a market, and which models will be trained in it, and when
 *
 * Real models know z, take it for somewhat less or more than it is, and have some noise. The others
 * know nothing, or so little that they are as good as the class prior on average.
 */
import { must } from '../../../src/assert.ts';
import { randomIndex, seededRandom, type Random } from '../../../src/random.ts';
import { planKappas, MARKET_KINDS, type MarketKind } from './market.ts';
import { kappaOfGain, SimulatedModel, zeroGainNoise, type ModelPlan } from './model.ts';

/** What whoever knows all gains in the beginning, nats a row. */
export const GAINS = [0.2, 0.12, 0.05, 0.02, 0.003, 0.001] as const;

export interface Scenario {
  readonly instruments: number;
  readonly days: number;
  /** A model is trained every so many days. */
  readonly every: number;
  /** Of so many models one is real, as a share. */
  readonly real: number;
  readonly holdoutDays: number;
  /** Days until a model expires. */
  readonly expiryDays: number;
  /**
   * `mixed`: as trained. `equal`: none is real, all are exactly as good as the first champion.
   * `zero`: all are exactly as good as the class prior, by being right and wrong in turns.
   */
  readonly candidates: 'mixed' | 'equal' | 'zero';
}

export interface InstrumentPlan {
  readonly seed: number;
  readonly kind: MarketKind;
  /** What was planted, nats a row; 0: nothing. */
  readonly gain: number;
  readonly kappas: Float64Array;
  readonly champion: SimulatedModel | null;
  /** In the order of their arrival. */
  readonly models: readonly SimulatedModel[];
  /** When the first real one arrived; null: never. */
  readonly firstRealDay: number | null;
}

/** Of five markets two are constant. */
const KINDS: readonly MarketKind[] = ['constant', ...MARKET_KINDS];
/** Of the nulls' markets: an edge that can be seen, so that one can be wrong about it. */
const NULL_GAIN = 0.05;
/** What is trained on lies so many days back, on average it is half as old. */
const TRAINED_DAYS = 30;

/** `ordinal`: of the instrument in the whole run, so that kinds and gains are evenly spread. */
export function planInstrument(scenario: Scenario, seed: number, ordinal: number): InstrumentPlan {
  const { days, candidates } = scenario;
  const random = seededRandom(seed * 100_003 + ordinal);
  const isMixed = candidates === 'mixed';
  const kind = isMixed ? must(KINDS[ordinal % KINDS.length]) : 'constant';
  const planted = must(GAINS[Math.floor(ordinal / KINDS.length) % GAINS.length]);
  const gain = kind === 'none' ? 0 : isMixed ? planted : NULL_GAIN;
  const kappa = gain === 0 ? 0 : kappaOfGain(gain);
  const turnDay = Math.floor(days * (0.15 + 0.7 * random()));
  const kappas = planKappas({ kind, kappa, days, turnDay });
  const { models, firstRealDay } = trained(scenario, kappas, random);
  const champion = candidates === 'equal' ? equalModel(kappa, random) : null;
  const marketSeed = randomIndex(random, 2 ** 32);
  return { seed: marketSeed, kind, gain, kappas, champion, models, firstRealDay };
}

function trained(
  { days, every, real, holdoutDays, expiryDays, candidates }: Scenario,
  kappas: Float64Array,
  random: Random,
): Pick<InstrumentPlan, 'models' | 'firstRealDay'> {
  const models: SimulatedModel[] = [];
  let firstRealDay: number | null = null;
  for (let day = holdoutDays - 1; day < days - 1; day += every) {
    const known = meanBefore(kappas, day);
    const isReal = random() < real && known > 0;
    if (candidates === 'equal') {
      models.push(equalModel(known, random, models.length + 1, day));
      continue;
    }
    if (isReal && candidates === 'mixed') firstRealDay ??= day;
    const shape =
      candidates === 'zero'
        ? zeroShape(known)
        : isReal
          ? realShape(known, random)
          : noise(known, random);
    models.push(
      new SimulatedModel({
        ...shape,
        ...{ id: models.length + 1, seed: randomIndex(random, 2 ** 32) },
        ...{ arrivedDay: day, expiresDay: candidates === 'mixed' ? day + expiryDays : Infinity },
      }),
    );
  }
  return { models, firstRealDay };
}

type Shape = Pick<ModelPlan, 'slope' | 'noise'>;

const between = (random: Random, low: number, high: number): number =>
  low + (high - low) * random();

const realShape = (kappa: number, random: Random): Shape => ({
  slope: kappa * between(random, 0.7, 1.1),
  noise: kappa * between(random, 0, 0.3),
});

/** As much wrong by its noise as it is right by what it knows. */
const zeroShape = (kappa: number): Shape => ({ slope: kappa, noise: zeroGainNoise(kappa) });

/** Half of them are as good as the class prior where there is an edge, the others are worse. */
const noise = (kappa: number, random: Random): Shape =>
  random() < 0.5 && kappa > 0 ? zeroShape(kappa) : { slope: 0, noise: between(random, 0.05, 0.3) };

/** One of many that know the same, each with noise of its own. */
const equalModel = (kappa: number, random: Random, id = 0, day = 0): SimulatedModel =>
  new SimulatedModel({
    ...{ id, slope: kappa, noise: kappa * 0.3, seed: randomIndex(random, 2 ** 32) },
    ...{ arrivedDay: day, expiresDay: Infinity },
  });

function meanBefore(kappas: Float64Array, day: number): number {
  const seen = kappas.subarray(Math.max(0, day + 1 - TRAINED_DAYS), day + 1);
  return seen.reduce((sum, kappa) => sum + kappa, 0) / seen.length;
}
