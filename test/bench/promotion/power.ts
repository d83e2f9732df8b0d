/**
 * one model that is better than the class prior -> after how many days it is found
 *
 * The shipped policy with one shadow and the installation's first loan, looked at every day, beside
 * a test that is looked at once, at the end, at the same 5 %. No gate in front, nothing expires.
 */
import { decide } from '../../../pipelines/review/promotion-policy.ts';
import { US_PER_DAY, US_PER_HOUR } from '../../../src/domain/time.ts';
import { admit, NEW_LEDGER } from '../../../src/learning/evidence/loans.ts';
import { NEW_SHADOW, shadowAfter } from '../../../src/learning/evidence/standing.ts';
import { blockMean } from '../../../src/learning/gate.ts';
import { BLOCKS, Instrument, PRIOR_LOSS } from './instrument.ts';
import { kappaOfGain, SimulatedModel } from './model.ts';

export interface Power {
  readonly gain: number;
  /** Days until the policy has promoted so large a share; null: not within the days that ran. */
  readonly days50: number | null;
  readonly days80: number | null;
  /** Days of a sample of which a single test finds the gain in 80 % of cases. */
  readonly once80: number | null;
  /** Share that was withdrawn before it was found. */
  readonly withdrawn: number;
}

/** One-sided, at 5 %. */
const ONE_SIDED = 1.645;

export function measurePower(gain: number, days: number, runs: number, seed: number): Power {
  const kappa = kappaOfGain(gain);
  const foundBy = new Float64Array(days);
  const onceBy = new Float64Array(days);
  let withdrawn = 0;
  for (let run = 0; run < runs; run++) {
    const instrument = new Instrument(seed + run, new Float64Array(days).fill(kappa), 2);
    const { found, once, isWithdrawn } = watch(instrument, kappa, days, seed + run);
    if (isWithdrawn) withdrawn += 1;
    for (let day = 0; day < days; day++) {
      if (day >= found) foundBy[day]! += 1 / runs;
      onceBy[day]! += once[day]! / runs;
    }
  }
  const firstAt = (shares: Float64Array, share: number): number | null => {
    const day = shares.findIndex((of) => of >= share - 1e-9);
    return day < 0 ? null : day + 1;
  };
  return {
    gain,
    days50: firstAt(foundBy, 0.5),
    days80: firstAt(foundBy, 0.8),
    once80: firstAt(onceBy, 0.8),
    withdrawn: withdrawn / runs,
  };
}

function watch(instrument: Instrument, kappa: number, days: number, seed: number) {
  const plan = { id: 1, slope: kappa, noise: 0, seed, arrivedDay: 0, expiresDay: Infinity };
  const model = new SimulatedModel(plan);
  const { loan, ledger } = admit(NEW_LEDGER);
  const gains = new Float64Array(days * BLOCKS);
  const times = Float64Array.from(
    gains,
    (_, i) => Math.floor(i / BLOCKS) * US_PER_DAY + 2 * US_PER_HOUR * (i % BLOCKS),
  );
  const once = new Uint8Array(days);
  let standing = NEW_SHADOW;
  let [found, isWithdrawn] = [Infinity, false];
  for (let day = 0; day < days; day++) {
    instrument.advance();
    gains.set(
      instrument.losses(model, day).map((loss) => PRIOR_LOSS - loss),
      day * BLOCKS,
    );
    once[day] = isGridDay(day) ? findsAt(times, gains, day) : once[day - 1]!;
    if (found < Infinity || isWithdrawn) continue;
    const session = instrument.session(model, null);
    standing = shadowAfter(standing, { champion: session, base_rate: session });
    const [decision] = decide({
      ...{ atTs: (day + 1) * US_PER_DAY, champion: null, waiting: [], ledger },
      shadows: [{ modelId: '1', expiresTs: null, loan, standing }],
    });
    if (decision?.deed === 'promote') found = day;
    if (decision?.deed === 'reject') isWithdrawn = true;
  }
  return { found, once, isWithdrawn };
}

/** Samples of every length up to two months, then every fifth: they take longer and longer. */
const isGridDay = (day: number): boolean => day < 60 || day % 5 === 4;

/** Whether the test that is looked at once finds the gain in the sample up to this day. */
function findsAt(times: Float64Array, gains: Float64Array, day: number): 0 | 1 {
  const until = (day + 1) * BLOCKS;
  const seen = blockMean(times.subarray(0, until), gains.slice(0, until), US_PER_HOUR);
  return seen.error !== null && seen.mean > ONE_SIDED * seen.error ? 1 : 0;
}
